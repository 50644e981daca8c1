/**
 * Statements of the other tier, and those given as text, kept to a client's scope: every table they read shows only the rows
 * that the scope shows, every write meets only those, and deleting marks where that is what the schema says.
 *
 * It works on syntax trees, so that it does not matter how a statement was written.
 */
import type { Contract, TableContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type {
  Assignment,
  DeleteStatement,
  Expression,
  InsertStatement,
  OnConflict,
  Query,
  SelectStatement,
  Statement,
  TableName,
  UpdateStatement,
  WithClause,
} from '../sql/ast/nodes.js'
import { writableColumns } from './columns.js'
import { both, Parameters } from './parameters.js'
import type { QueryLog } from './query-log.js'
import type { Scope, TableScope } from './scope.js'

export interface Guarded {
  readonly statement: Statement
  readonly values: readonly unknown[]
}

/** What stands between a query builder and the statements it runs. */
export interface StatementGuard {
  readonly log: QueryLog
  /** The statement within the scope. The same object where there is nothing to keep apart. */
  apply(given: Guarded): Guarded
}

/** Statements that say nothing of rows. */
const harmless: ReadonlySet<Statement['kind']> = new Set([
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'release',
  'pragma',
  'show',
])

export function guardOf(contract: Contract, scope: Scope, log: QueryLog): StatementGuard {
  const tables = new Map<string, Guarding>()
  for (const table of Object.values(contract.tables)) {
    const own = scope.of(table)
    if (own.key !== '') tables.set(table.name.toLowerCase(), { table, scope: own })
  }
  if (tables.size === 0) return { log, apply: given => given }
  return { log, apply: given => new Guard(tables, scope, given.values).apply(given.statement) }
}

interface Guarding {
  readonly table: TableContract
  readonly scope: TableScope
}

/** One statement on its way. */
class Guard {
  readonly #tables: ReadonlyMap<string, Guarding>
  readonly #scope: Scope
  readonly #given: readonly unknown[]
  readonly #values: unknown[]
  #tenant: Expression | undefined
  /** Its `add` is where conditions get their values from: the tenant's is one for all. */
  readonly #parameters: Parameters

  constructor(tables: ReadonlyMap<string, Guarding>, scope: Scope, values: readonly unknown[]) {
    this.#tables = tables
    this.#scope = scope
    this.#given = values
    this.#values = [...values]
    const parameters = new Parameters()
    parameters.add = value => (this.#tenant ??= this.#add(value))
    this.#parameters = parameters
  }

  apply(statement: Statement): Guarded {
    return { statement: this.#statement(statement), values: this.#values }
  }

  #statement(statement: Statement): Statement {
    switch (statement.kind) {
      case 'select':
      case 'values':
      case 'setOperation':
        return this.#tree(statement) as Query
      case 'insert':
        return this.#insert(statement)
      case 'update':
        return this.#update(statement)
      case 'delete':
        return this.#delete(statement)
      case 'explain':
        return { ...statement, statement: this.#statement(statement.statement) as typeof statement.statement }
      default:
        if (!this.#scope.hasTenant || harmless.has(statement.kind)) return statement
        throw new ValidationError('The client of one tenant changes no tables: use the client that $for was called on.')
    }
  }

  #add(value: unknown): Expression {
    this.#values.push(value)
    return { kind: 'parameter', index: this.#values.length - 1 }
  }

  #guarding(name: string): Guarding | undefined {
    return this.#tables.get(name.toLowerCase())
  }

  /** Any part of a tree. */
  #tree(node: unknown): unknown {
    if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return node
    if (Array.isArray(node)) return node.map(each => this.#tree(each))
    if ((node as TableName).kind === 'table') return this.#table(node as TableName)
    this.#refuseShadows(node as { readonly with?: WithClause })
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, this.#tree(value)]))
  }

  /** Which of two tables of one name is meant depends on the place: whoever asks for rows of one tenant is not to wonder. */
  #refuseShadows({ with: clause }: { readonly with?: WithClause }): void {
    for (const { name } of clause?.tables ?? []) {
      if (this.#guarding(name) === undefined) continue
      throw new ValidationError(
        `WITH gives its rows the name of the table "${name}", of which this client sees a part. Use another name.`,
      )
    }
  }

  #table(node: TableName): unknown {
    const guarding = this.#guarding(node.name)
    if (guarding === undefined) return node
    const { alias, columns, ...source } = node
    const query: SelectStatement = {
      kind: 'select',
      distinct: false,
      columns: [{ kind: 'all', table: undefined }],
      from: { ...source, alias: undefined },
      where: guarding.scope.condition(undefined, this.#parameters),
      groupBy: [],
      having: undefined,
      orderBy: [],
      limit: undefined,
      offset: undefined,
    }
    return { kind: 'subquery', query, alias: alias ?? node.name, ...(columns && { columns }) }
  }

  #insert(given: InsertStatement): InsertStatement {
    const statement = this.#tree(given) as InsertStatement
    const guarding = this.#guarding(given.table)
    if (guarding === undefined) return statement
    const conflicts = (conflict: OnConflict): OnConflict => this.#conflict(conflict, given, guarding)
    return {
      ...this.#ofTenant(statement, guarding),
      onConflict: statement.onConflict && conflicts(statement.onConflict),
      ...(statement.moreConflicts && { moreConflicts: statement.moreConflicts.map(conflicts) }),
    }
  }

  #conflict(conflict: OnConflict, { table, alias }: InsertStatement, guarding: Guarding): OnConflict {
    if (conflict.action === 'replace') this.#refuseReplacing(guarding)
    if (conflict.action !== 'update') return conflict
    for (const assignment of conflict.set) this.#checkAssignment(assignment, guarding)
    const condition = guarding.scope.condition(alias ?? table, this.#parameters)
    return { ...conflict, where: both(conflict.where, condition) }
  }

  /** Every row is the tenant's. */
  #ofTenant(statement: InsertStatement, { table, scope: { tenant } }: Guarding): InsertStatement {
    if (tenant === undefined) return statement
    const columns = statement.columns ?? writableColumns(table).map(({ name }) => name)
    const at = columns.findIndex(name => name.toLowerCase() === tenant.column.toLowerCase())
    const value = this.#parameters.add(tenant.value)
    const { query } = statement
    if (query !== undefined) {
      if (at >= 0) {
        throw new ValidationError(
          `INSERT … SELECT into "${table.name}" leaves out "${tenant.column}": the client's tenant fills it.`,
        )
      }
      const rows: SelectStatement = {
        kind: 'select',
        distinct: false,
        columns: [
          { kind: 'all', table: undefined },
          { kind: 'expression', expression: value, alias: undefined },
        ],
        from: { kind: 'subquery', query, alias: 'rows' },
        where: undefined,
        groupBy: [],
        having: undefined,
        orderBy: [],
        limit: undefined,
        offset: undefined,
      }
      return { ...statement, columns: [...columns, tenant.column], query: rows }
    }
    if (at < 0) {
      return { ...statement, columns: [...columns, tenant.column], rows: statement.rows.map(row => [...row, value]) }
    }
    const rows = statement.rows.map(row =>
      row.map((cell, i) => {
        if (i !== at) return cell
        if (cell !== undefined) this.#checkTenant(cell, table, tenant)
        return value
      }),
    )
    return { ...statement, columns, rows }
  }

  #update(given: UpdateStatement): UpdateStatement {
    const statement = this.#tree(given) as UpdateStatement
    const guarding = this.#guarding(given.table)
    if (guarding === undefined) return statement
    if (statement.conflict === 'replace') this.#refuseReplacing(guarding)
    for (const assignment of given.set) this.#checkAssignment(assignment, guarding)
    const { tenant } = guarding.scope
    for (const { columns } of given.setRows ?? []) {
      if (tenant !== undefined && columns.some(name => name.toLowerCase() === tenant.column.toLowerCase())) {
        throw otherTenant(guarding.table, tenant.column)
      }
    }
    return { ...statement, where: this.#within(statement, guarding) }
  }

  #delete(given: DeleteStatement): DeleteStatement | UpdateStatement {
    const statement = this.#tree(given) as DeleteStatement
    const guarding = this.#guarding(given.table)
    if (guarding === undefined) return statement
    const where = this.#within(statement, guarding)
    const { mark } = guarding.scope
    if (mark === undefined) return { ...statement, where }
    const { using, ...rest } = statement
    const set = [{ column: mark, value: this.#add(new Date()) }]
    return { ...rest, kind: 'update', set, where, ...(using && { from: using }) }
  }

  #within(statement: UpdateStatement | DeleteStatement, { scope }: Guarding): Expression | undefined {
    return both(statement.where, scope.condition(statement.alias ?? statement.table, this.#parameters))
  }

  #checkAssignment({ column, value }: Assignment, { table, scope: { tenant } }: Guarding): void {
    if (tenant?.column.toLowerCase() === column.toLowerCase()) this.#checkTenant(value, table, tenant)
  }

  #checkTenant(value: Expression, table: TableContract, tenant: { column: string; value: unknown }): void {
    const known = value.kind === 'parameter' ? this.#given[value.index] : value.kind === 'literal' ? value.value : value
    if (known !== tenant.value) throw otherTenant(table, tenant.column)
  }

  /** Rows in the way are deleted, whosever they are. */
  #refuseReplacing({ table, scope: { tenant } }: Guarding): void {
    if (tenant === undefined) return
    throw new ValidationError(
      `REPLACE into "${table.name}" could delete rows of another tenant: use ON CONFLICT … DO UPDATE.`,
    )
  }
}

function otherTenant(table: TableContract, column: string): ValidationError {
  return new ValidationError(
    `"${table.name}.${column}" is of another tenant than this client's. Leave it out, or use the client of that tenant.`,
  )
}
