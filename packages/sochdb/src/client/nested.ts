/**
 * What `with` asks for: a subquery for each relation, in the statement of the rows themselves, so that one plan reads it all
 * at one snapshot. Related rows come as arrays of values, and are made rows of the same types as any other.
 */
import type { ColumnContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Expression, SelectItem, SelectStatement } from '../sql/ast/nodes.js'
import { codecOf } from './codecs.js'
import { checkProperties, describe, isPlainObject } from './check.js'
import { both } from './parameters.js'
import { ordering, orderItem, rowCount, selected, type ReadQuery } from './reads.js'
import { call, columnItem, link, relationOf, selectFrom, sourceOf, type Source } from './relations.js'
import type { Row } from './statements.js'
import { whereExpression, type FilterContext } from './where.js'

/** Relations in relations at most. */
const DEPTH_MAX = 20
/** What the rows of a relation are called in its subquery. */
const ROWS = 'rows'

/** One relation of a read: what it adds to the statement, and how its value is read. */
export interface Nested {
  readonly name: string
  readonly expression: Expression
  decode(value: unknown): unknown
}

const ofMany = ['where', 'orderBy', 'limit', 'offset', 'select', 'omit', 'with']
const ofOne = ['where', 'select', 'omit', 'with']

export function nestedOf(context: FilterContext, parent: Source, include: unknown, depth = 0): readonly Nested[] {
  if (include === undefined) return []
  if (!isPlainObject(include))
    throw new ValidationError(`with takes { relation: true | { … } }, not ${describe(include)}.`)
  if (depth > DEPTH_MAX) throw new ValidationError(`with is nested more than ${String(DEPTH_MAX)} levels deep.`)
  return Object.entries(include)
    .filter(([, query]) => query !== undefined && query !== false)
    .map(([name, query]) => {
      relationOf(context.contract, parent, name)
      if (query !== true && !isPlainObject(query)) throw new ValidationError(`with "${name}" takes true or a query.`)
      return nested(context, parent, name, query === true ? {} : query, depth)
    })
}

function nested(context: FilterContext, parent: Source, name: string, query: ReadQuery, depth: number): Nested {
  const { contract, parameters } = context
  const relation = relationOf(contract, parent, name)
  const isOne = relation.kind === 'one'
  if (isOne) {
    for (const property of ['limit', 'offset', 'orderBy'] as const) {
      if (query[property] !== undefined) throw new ValidationError(`"${name}" is one row: it takes no ${property}.`)
    }
  }
  checkProperties(query, `with "${name}"`, isOne ? ofOne : ofMany)
  const child = sourceOf(contract, relation.table, parameters.alias())
  const names = selected(child.table, query) ?? child.table.columns.map(column => column.name)
  const columns = names.map(column => child.table.columns.find(each => each.name === column)!)
  const inner = nestedOf(context, child, query.with, depth + 1)
  const where = both(
    link(context, name, relation, parent, child),
    whereExpression(context, child, query.where),
    context.scope.of(child.table).condition(child.qualifier, parameters),
  )
  // The columns of the rows have the names of their places: relations of theirs may be called anything.
  const place = (index: number): string => `c${String(index)}`
  const items: SelectItem[] = [
    ...columns.map((column, i) => columnItem(column.name, place(i))),
    ...inner.map(({ expression }, i): SelectItem => {
      return { kind: 'expression', expression, alias: place(columns.length + i) }
    }),
  ]
  const rows: SelectStatement = {
    ...selectFrom(child, items),
    where,
    orderBy: isOne ? [] : ordering(child.table, query.orderBy).map(orderItem),
    limit: rowCount('limit', query.limit, parameters),
    offset: rowCount('offset', query.offset, parameters),
  }
  const values = items.map((_, i): Expression => {
    const value: Expression = { kind: 'column', table: ROWS, name: place(i) }
    return i < columns.length ? encoded(columns[i]!, value) : value
  })
  const row = call('json_array', ...values)
  const expression: Expression = {
    kind: 'subquery',
    query: {
      kind: 'select',
      distinct: false,
      columns: [{ kind: 'expression', expression: isOne ? row : call('json_group_array', row), alias: 'json' }],
      from: { kind: 'subquery', query: rows, alias: ROWS },
      where: undefined,
      groupBy: [],
      having: undefined,
      orderBy: [],
      limit: undefined,
      offset: undefined,
    },
  }
  const decoders = columns.map(decoderOf)
  const decodeRow = (read: readonly unknown[]): Row => {
    const made: Row = {}
    columns.forEach((column, i) => {
      const value = read[i]
      const decoder = decoders[i]
      made[column.name] = value === null || decoder === undefined ? value : decoder(value as never)
    })
    inner.forEach((each, i) => (made[each.name] = each.decode(read[columns.length + i])))
    return made
  }
  const decode = isOne
    ? (value: unknown) => (value === null ? null : decodeRow(value as readonly unknown[]))
    : (value: unknown) => ((value ?? []) as readonly (readonly unknown[])[]).map(decodeRow)
  return { name, expression, decode }
}

/** As JSON can hold it without a loss. */
function encoded({ type }: ColumnContract, value: Expression): Expression {
  switch (type) {
    case 'bigint':
    case 'decimal':
      return { kind: 'cast', operand: value, type: 'text' }
    case 'timestamp':
      // Its milliseconds, which are quicker to write and to read than a text.
      return { kind: 'cast', operand: value, type: 'integer' }
    case 'blob':
      // Of NULL, hex makes an empty text.
      return {
        kind: 'case',
        branches: [{ when: { kind: 'isNull', operand: value, negated: true }, then: call('hex', value) }],
        otherwise: undefined,
      }
    default:
      return value
  }
}

/** `undefined`: what JSON has is the value. */
function decoderOf(column: ColumnContract): ((value: never) => unknown) | undefined {
  const codec = codecOf(column)
  const stored = storedDecoder(column)
  if (codec === undefined) return stored
  return stored === undefined ? value => codec.decode(value) : value => codec.decode(stored(value))
}

function storedDecoder({ type }: ColumnContract): ((value: never) => unknown) | undefined {
  switch (type) {
    case 'bigint':
      return (value: string) => BigInt(value)
    case 'timestamp':
      return (value: number) => new Date(value)
    case 'blob':
      return (value: string) => Buffer.from(value, 'hex')
    case 'vector':
      return (value: readonly number[]) => Float32Array.from(value)
    default:
      return undefined
  }
}

/** Puts the relations of each row in their places. */
export function decodeNested(rows: readonly Row[], all: readonly Nested[]): void {
  for (const { name, decode } of all) for (const row of rows) row[name] = decode(row[name])
}
