/** What the tests of SQL share: a catalog in memory, short ways to write syntax trees, and those trees as SQL text. */
import type {
  BinaryOperator,
  DeleteStatement,
  Expression,
  InsertStatement,
  OrderItem,
  SelectItem,
  SelectStatement,
  Statement,
  TableExpression,
  UpdateStatement,
} from '../../src/sql/ast/nodes.js'
import { printExpression } from '../../src/sql/ast/print.js'
import { catalogSnapshot, createTable } from '../../src/sql/catalog/index.js'
import type { CatalogSnapshot, CatalogStore, TableSpec } from '../../src/sql/catalog/index.js'

export const NAMESPACE = 1

/** A catalog tree in memory: every write gets the next version, as if each were a commit. */
export class MemoryCatalog implements CatalogStore {
  readonly #records = new Map<string, { key: Uint8Array; value: Uint8Array; version: bigint }>()
  version = 100n

  get(key: Uint8Array) {
    return this.#records.get(hex(key))
  }
  put(key: Uint8Array, value: Uint8Array) {
    this.#records.set(hex(key), { key, value, version: ++this.version })
  }
  delete(key: Uint8Array) {
    this.#records.delete(hex(key))
  }
  *scan(lo: Uint8Array, hi: Uint8Array) {
    for (const name of [...this.#records.keys()].sort())
      if (name >= hex(lo) && name < hex(hi)) yield this.#records.get(name)!
  }
  get size() {
    return this.#records.size
  }
}

const hex = (key: Uint8Array) => Buffer.from(key).toString('hex')

export function snapshotOf(store: MemoryCatalog): CatalogSnapshot {
  return catalogSnapshot(store, NAMESPACE, store.version)
}

export const users: TableSpec = {
  name: 'users',
  columns: [
    { name: 'id', type: 'uuid', nullable: false, default: { kind: 'uuid7' } },
    { name: 'orgId', type: 'integer', nullable: false },
    { name: 'email', type: 'text', nullable: false },
    { name: 'name', type: 'text', nullable: true },
    { name: 'age', type: 'integer', nullable: true },
    { name: 'credits', type: 'bigint', nullable: false, default: { kind: 'value', value: '0' } },
    { name: 'score', type: 'real', nullable: true },
    { name: 'active', type: 'boolean', nullable: false, default: { kind: 'value', value: true } },
    { name: 'createdAt', type: 'timestamp', nullable: false, default: { kind: 'now' } },
    { name: 'profile', type: 'json', nullable: true },
    { name: 'balance', type: 'decimal', nullable: true },
  ],
  primaryKey: ['id'],
  indexes: [
    { name: 'users_email', unique: true, columns: [{ column: 'email', desc: false }] },
    {
      name: 'users_org_created',
      unique: false,
      columns: [
        { column: 'orgId', desc: false },
        { column: 'createdAt', desc: true },
      ],
    },
    { name: 'users_age', unique: false, columns: [{ column: 'age', desc: false }] },
  ],
}

export const documents: TableSpec = {
  name: 'documents',
  columns: [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'ownerId', type: 'uuid', nullable: false },
    { name: 'title', type: 'text', nullable: false },
    { name: 'size', type: 'integer', nullable: true },
  ],
  primaryKey: ['id'],
  indexes: [{ name: 'documents_owner', unique: false, columns: [{ column: 'ownerId', desc: false }] }],
}

export const tags: TableSpec = {
  name: 'tags',
  columns: [
    { name: 'documentId', type: 'integer', nullable: false },
    { name: 'tag', type: 'text', nullable: false },
    { name: 'weight', type: 'real', nullable: true },
  ],
  primaryKey: ['documentId', 'tag'],
}

export function sampleCatalog(): MemoryCatalog {
  const store = new MemoryCatalog()
  for (const spec of [users, documents, tags]) createTable(store, NAMESPACE, spec)
  return store
}

// --- trees ---

/** A column: `c('users.id')` or `c('id')`. */
export function c(path: string): Expression {
  const [first = '', second] = path.split('.')
  return second === undefined
    ? { kind: 'column', table: undefined, name: first }
    : { kind: 'column', table: first, name: second }
}
/** Parameter number i, from 0. */
export const p = (index: number): Expression => ({ kind: 'parameter', index })
export const lit = (value: null | boolean | number | bigint | string): Expression => ({ kind: 'literal', value })
export const bin = (left: Expression, operator: BinaryOperator, right: Expression): Expression => ({
  kind: 'binary',
  operator,
  left,
  right,
})
export const eq = (left: Expression, right: Expression) => bin(left, '=', right)
export const and = (...operands: Expression[]): Expression => ({ kind: 'and', operands })
export const or = (...operands: Expression[]): Expression => ({ kind: 'or', operands })
export const not = (operand: Expression): Expression => ({ kind: 'not', operand })
export const isNull = (operand: Expression, negated = false): Expression => ({ kind: 'isNull', operand, negated })
export const inList = (operand: Expression, list: Expression[], negated = false): Expression => ({
  kind: 'in',
  operand,
  list,
  negated,
})
export const fn = (name: string, ...args: Expression[]): Expression => ({
  kind: 'call',
  name,
  arguments: args,
  distinct: false,
  filter: undefined,
})
export const as = (expression: Expression, alias: string): SelectItem => ({ kind: 'expression', expression, alias })
export const all = (table?: string): SelectItem => ({ kind: 'all', table })
export const asc = (expression: Expression): OrderItem => ({ expression, descending: false, nulls: undefined })
export const desc = (expression: Expression): OrderItem => ({ expression, descending: true, nulls: undefined })
export const table = (name: string, alias?: string): TableExpression => ({ kind: 'table', name, alias })
export const join = (
  left: TableExpression,
  right: TableExpression,
  on: Expression | undefined,
  kind: 'inner' | 'left' | 'cross' = on ? 'inner' : 'cross',
): TableExpression => ({ kind: 'join', join: kind, left, right, on })

type SelectParts = Partial<Omit<SelectStatement, 'kind' | 'columns' | 'from'>> & {
  columns?: (SelectItem | Expression)[]
  from?: TableExpression | string
}

export function select(parts: SelectParts): SelectStatement {
  const { columns = [all()], from, ...rest } = parts
  return {
    kind: 'select',
    distinct: false,
    where: undefined,
    groupBy: [],
    having: undefined,
    orderBy: [],
    limit: undefined,
    offset: undefined,
    ...rest,
    columns: columns.map(asItem),
    from: typeof from === 'string' ? table(from) : from,
  }
}

function asItem(item: SelectItem | Expression): SelectItem {
  return item.kind === 'expression' || item.kind === 'all'
    ? item
    : { kind: 'expression', expression: item, alias: undefined }
}

export function insert(
  tableName: string,
  columns: string[],
  rows: (Expression | undefined)[][],
  rest: Partial<Pick<InsertStatement, 'onConflict' | 'returning'>> = {},
): InsertStatement {
  return { kind: 'insert', table: tableName, columns, rows, onConflict: undefined, returning: [], ...rest }
}

export function update(
  tableName: string,
  set: Record<string, Expression>,
  where?: Expression,
  rest: Partial<Pick<UpdateStatement, 'alias' | 'returning'>> = {},
): UpdateStatement {
  const assignments = Object.entries(set).map(([column, value]) => ({ column, value }))
  return { kind: 'update', table: tableName, alias: undefined, set: assignments, where, returning: [], ...rest }
}

export function remove(
  tableName: string,
  where?: Expression,
  rest: Partial<Pick<DeleteStatement, 'alias' | 'returning'>> = {},
): DeleteStatement {
  return { kind: 'delete', table: tableName, alias: undefined, where, returning: [], ...rest }
}

// --- trees as SQLite's SQL ---

/** Of the statements that are made at random. */
export function printStatement(s: Statement): string {
  switch (s.kind) {
    case 'select': {
      const parts = [`select${s.distinct ? ' distinct' : ''} ${printItems(s.columns)}`]
      if (s.from) parts.push(`from ${printTable(s.from)}`)
      if (s.where) parts.push(`where ${printExpression(s.where)}`)
      if (s.groupBy.length > 0) parts.push(`group by ${s.groupBy.map(e => printExpression(e)).join(', ')}`)
      if (s.having) parts.push(`having ${printExpression(s.having)}`)
      if (s.orderBy.length > 0) parts.push(`order by ${s.orderBy.map(printOrder).join(', ')}`)
      if (s.limit ?? s.offset) parts.push(`limit ${s.limit ? printExpression(s.limit) : '-1'}`)
      if (s.offset) parts.push(`offset ${printExpression(s.offset)}`)
      return parts.join(' ')
    }
    case 'insert': {
      const rows = s.rows.map(row => `(${row.map(cell => printExpression(cell!)).join(', ')})`).join(', ')
      const parts = [`insert into ${s.table} (${(s.columns ?? []).join(', ')}) values ${rows}`]
      if (s.onConflict) {
        const target = s.onConflict.target.length > 0 ? ` (${s.onConflict.target.join(', ')})` : ''
        parts.push(`on conflict${target} do ${s.onConflict.action}`)
        if (s.onConflict.set.length > 0) parts.push(`set ${printSet(s.onConflict.set)}`)
        if (s.onConflict.where) parts.push(`where ${printExpression(s.onConflict.where)}`)
      }
      return [...parts, ...printReturning(s.returning)].join(' ')
    }
    case 'update': {
      const parts = [`update ${s.table} set ${printSet(s.set)}`]
      if (s.where) parts.push(`where ${printExpression(s.where)}`)
      return [...parts, ...printReturning(s.returning)].join(' ')
    }
    case 'delete':
      return [
        `delete from ${s.table}`,
        ...(s.where ? [`where ${printExpression(s.where)}`] : []),
        ...printReturning(s.returning),
      ].join(' ')
    default:
      throw new Error(`No statement of kind ${s.kind} is made here.`)
  }
}

function printItems(items: readonly SelectItem[]): string {
  return items
    .map(item => {
      if (item.kind === 'all') return item.table === undefined ? '*' : `${item.table}.*`
      return `${printExpression(item.expression)}${item.alias === undefined ? '' : ` as "${item.alias}"`}`
    })
    .join(', ')
}

function printReturning(items: readonly SelectItem[]): string[] {
  return items.length > 0 ? [`returning ${printItems(items)}`] : []
}

function printSet(set: UpdateStatement['set']): string {
  return set.map(({ column, value }) => `${column} = ${printExpression(value)}`).join(', ')
}

function printOrder({ expression, descending, nulls }: OrderItem): string {
  return `${printExpression(expression)}${descending ? ' desc' : ''}${nulls ? ` nulls ${nulls}` : ''}`
}

function printTable(t: TableExpression): string {
  if (t.kind === 'table') return t.alias === undefined ? t.name : `${t.name} as ${t.alias}`
  if (t.kind !== 'join') throw new Error(`No ${t.kind} is made here.`)
  const on = t.on ? ` on ${printExpression(t.on)}` : ''
  return `${printTable(t.left)} ${t.join} join ${printTable(t.right)}${on}`
}
