/** USING and NATURAL: columns of both sides of a join that become one. */
import type { Join } from '../ast/nodes.js'
import { foldName } from '../catalog/store.js'
import { didYouMean, queryError } from '../problem.js'
import { collationOf, folded } from './collations.js'
import { unify } from './coercion.js'
import type { BindContext } from './context.js'
import { call } from './expr.js'
import type { Expr } from './expr.js'
import type { ScopeColumn } from './scope.js'

export interface Merged {
  /** The equalities that the join has by it. */
  readonly on: readonly Expr[]
  readonly columns: readonly ScopeColumn[]
}

export function mergeColumns(
  context: BindContext,
  t: Join,
  left: readonly ScopeColumn[],
  right: readonly ScopeColumn[],
): Merged {
  const names = t.using ?? (t.natural ? sharedNames(left, right) : [])
  if (names.length === 0) return { on: [], columns: [...left, ...right] }
  const on: Expr[] = []
  const merged = new Map<ScopeColumn, ScopeColumn>()
  const gone = new Set<ScopeColumn>()
  for (const name of names) {
    const a = requireColumn(left, name, 'left')
    const b = requireColumn(right, name, 'right')
    const [x, y] = unify(context, a.expr, b.expr, 'join by USING')
    const collation = collationOf(a.expr, b.expr)
    on.push(call('equal', 'boolean', folded(collation, x), folded(collation, y)))
    merged.set(a, { ...a, expr: valueOf(t.join, a.expr, b.expr, x, y) })
    gone.add(b)
  }
  const rest = right.filter(column => !gone.has(column))
  // PostgreSQL and MySQL put what is merged first; SQLite leaves it where the left side has it.
  const first = context.dialect === 'postgres' || context.dialect === 'mysql'
  const kept = first
    ? [...merged.values(), ...left.filter(column => !merged.has(column))]
    : left.map(column => merged.get(column) ?? column)
  return { on, columns: [...kept, ...rest] }
}

/** Of the two equal columns the one that has a value whenever there is a row. */
function valueOf(join: Join['join'], a: Expr, b: Expr, x: Expr, y: Expr): Expr {
  if (join === 'right') return b
  return join === 'full' ? call('coalesce', x.type, x, y) : a
}

function sharedNames(left: readonly ScopeColumn[], right: readonly ScopeColumn[]): string[] {
  const names = new Set(right.map(column => foldName(column.name)))
  return [...new Set(left.map(column => foldName(column.name)))].filter(name => names.has(name))
}

function requireColumn(columns: readonly ScopeColumn[], name: string, side: string): ScopeColumn {
  const folded = foldName(name)
  const found = columns.filter(column => foldName(column.name) === folded)
  if (found.length === 1) return found[0]!
  if (found.length > 1) {
    throw queryError(`USING (${name}): the ${side} side has ${found.length} columns of that name.`, 'Join by ON.', {
      columnName: name,
    })
  }
  const hint = didYouMean(
    name,
    columns.map(c => c.name),
  )
  throw queryError(`USING (${name}): the ${side} side has no such column.${hint}`, undefined, { columnName: name })
}
