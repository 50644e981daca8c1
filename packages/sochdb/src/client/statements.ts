/** How repositories run statements: the fixed ones prepared once per table, the others through the session's plan cache. */
import type { TableContract } from '@sochdb/schema/contract'
import type { Expression, InsertStatement, Statement } from '../sql/ast/nodes.js'
import { PreparedStatement, executeStatement, type StatementTarget } from '../sql/session.js'
import { isTransaction } from '../engine/index.js'

export type { StatementTarget }
export type Row = Record<string, unknown>

const parameter = (index: number): Expression => ({ kind: 'parameter', index })

export class Shapes {
  readonly #table: TableContract
  #find: PreparedStatement | undefined
  #delete: PreparedStatement | undefined
  #insert: PreparedStatement | undefined
  #insertMany: PreparedStatement | undefined
  #insertManyIgnoring: PreparedStatement | undefined

  constructor(table: TableContract) {
    this.#table = table
  }

  get find(): PreparedStatement {
    return (this.#find ??= new PreparedStatement({
      kind: 'select',
      distinct: false,
      columns: [{ kind: 'all', table: undefined }],
      from: { kind: 'table', name: this.#table.name, alias: undefined },
      where: this.#keyCondition(),
      groupBy: [],
      having: undefined,
      orderBy: [],
      limit: undefined,
      offset: undefined,
    }))
  }

  get delete(): PreparedStatement {
    return (this.#delete ??= new PreparedStatement({
      kind: 'delete',
      table: this.#table.name,
      alias: undefined,
      where: this.#keyCondition(),
      returning: [],
    }))
  }

  get insert(): PreparedStatement {
    return (this.#insert ??= new PreparedStatement({
      ...this.#insertion(),
      returning: [{ kind: 'all', table: undefined }],
    }))
  }

  get insertMany(): PreparedStatement {
    return (this.#insertMany ??= new PreparedStatement(this.#insertion()))
  }

  get insertManyIgnoring(): PreparedStatement {
    return (this.#insertManyIgnoring ??= new PreparedStatement({
      ...this.#insertion(),
      onConflict: { target: [], action: 'nothing', set: [], where: undefined },
    }))
  }

  all(target: StatementTarget, statement: Statement, parameters: readonly unknown[]): Row[] {
    return executeStatement(target, statement, parameters).rows as Row[]
  }

  run(target: StatementTarget, statement: Statement, parameters: readonly unknown[]): number {
    return executeStatement(target, statement, parameters).rowsAffected
  }

  /** Runs several reads on one snapshot. In a transaction they are on one already. */
  consistently<T>(target: StatementTarget, body: (target: StatementTarget) => T): T {
    if (isTransaction(target)) return body(target)
    const transaction = target.beginTransaction({ isolation: 'snapshot' })
    try {
      return body(transaction)
    } finally {
      transaction.abort()
    }
  }

  /** Every column is a parameter: defaults are filled in before. */
  #insertion(): InsertStatement {
    const columns = this.#table.columns.map(column => column.name)
    return {
      kind: 'insert',
      table: this.#table.name,
      columns,
      rows: [columns.map((_, i) => parameter(i))],
      onConflict: undefined,
      returning: [],
    }
  }

  #keyCondition(): Expression {
    const operands = this.#table.primaryKey.map((name, i): Expression => ({
      kind: 'binary',
      operator: '=',
      left: { kind: 'column', table: undefined, name },
      right: parameter(i),
    }))
    return operands.length === 1 ? operands[0]! : { kind: 'and', operands }
  }
}
