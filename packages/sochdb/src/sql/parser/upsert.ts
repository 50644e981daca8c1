/** What an INSERT does with rows that are there: the spellings of all dialects as one clause. */
import type { Expression } from '../ast/expressions.js'
import type { OnConflict } from '../ast/nodes.js'
import type { Cursor } from './cursor.js'
import { expression } from './expressions.js'
import { assignments } from './writes.js'

/** Behind the rows of an INSERT: a clause or several. `action`: of INSERT OR …, INSERT IGNORE, REPLACE. */
export function upsert(
  c: Cursor,
  action: OnConflict['action'] | undefined,
  columns: readonly string[] | undefined,
): readonly OnConflict[] {
  const proposed = proposedAlias(c, columns)
  if (c.peek() === 'on' && c.ahead(1) === 'duplicate') return [onDuplicateKey(c, proposed)]
  const isClause = () => c.peek() === 'on' && c.ahead(1) === 'conflict'
  if (!isClause()) return action ? [{ target: [], action, set: [], where: undefined }] : []
  if (action) c.refuse('ON CONFLICT beside OR or IGNORE', 'Say in one of them what to do with rows that are there.')
  const clauses = [onConflict(c)]
  while (isClause()) {
    const { target, constraint } = clauses.at(-1)!
    if (target.length === 0 && constraint === undefined) {
      c.problem('An ON CONFLICT without a target means every unique key: it is the last one.')
    }
    clauses.push(onConflict(c))
  }
  return clauses
}

type Proposed = NonNullable<Cursor['clauses']['proposed']>

/** MySQL's `AS new (x, y)` behind the rows. */
function proposedAlias(c: Cursor, columns: readonly string[] | undefined): Proposed {
  if (!c.accept('as')) return { alias: undefined, columns: new Map() }
  const alias = c.name('an alias').toLowerCase()
  const names = c.peek() === '(' ? c.names() : []
  if (names.length > 0 && names.length !== columns?.length) {
    c.problem('The alias must have as many columns as the INSERT names.')
  }
  return { alias, columns: new Map(names.map((name, i) => [name.toLowerCase(), columns![i]!])) }
}

function onDuplicateKey(c: Cursor, proposed: Proposed): OnConflict {
  c.pos += 2
  c.expect('key')
  c.expect('update')
  c.clauses.proposed = proposed
  const set = assignments(c, true)
  c.clauses.proposed = undefined
  return { target: [], action: 'update', set, where: undefined }
}

function onConflict(c: Cursor): OnConflict {
  c.pos += 2
  let target: readonly string[] = []
  let constraint: string | undefined
  let targetWhere: Expression | undefined
  if (c.accept('on')) {
    c.expect('constraint')
    constraint = c.name('a constraint')
  } else if (c.is('(')) {
    target = conflictTarget(c)
    if (c.accept('where')) targetWhere = expression(c)
  }
  c.expect('do')
  const more = {
    ...(constraint !== undefined && { constraint }),
    ...(targetWhere && { targetWhere }),
  }
  if (c.accept('nothing')) return { target, ...more, action: 'nothing', set: [], where: undefined }
  c.expect('update')
  c.expect('set')
  const set = assignments(c, true)
  const where = c.accept('where') ? expression(c) : undefined
  return { target, ...more, action: 'update', set, where }
}

function conflictTarget(c: Cursor): string[] {
  ++c.pos
  return c.list(() => {
    const at = c.at
    const item = expression(c)
    if (item.kind !== 'column' || item.table !== undefined) {
      c.refuse('ON CONFLICT of an expression', 'Name the columns of a unique key, or leave the target out.', at)
    }
    c.acceptOneOf('asc', 'desc')
    return item.name
  }, true)
}
