import type { CompiledQuery } from 'kysely'
import { isData, sqlText, textOfTree } from 'sochdb/internal'
import type { InsertStatement, SqlText, Statement } from 'sochdb/internal'
import { lower } from './lowering/lower.js'
import { LazyCompiledQuery, type Printer } from './query-compiler.js'
import type { StatementCache } from './statement-cache.js'

/** A compiled query as the engine runs it. */
export class Runnable {
  readonly statement: Statement
  readonly values: readonly unknown[]
  #text: SqlText | undefined

  constructor(statement: Statement, values: readonly unknown[], text?: SqlText) {
    this.statement = statement
    this.values = values
    this.#text = text
  }

  get text(): SqlText {
    return (this.#text ??= textOfTree(this.statement))
  }

  /** Whether it is a statement of many rows, and no text: the engine may run it row by row, as one. */
  get isBatch(): boolean {
    return this.#text === undefined && isBatch(this.statement)
  }

  get isData(): boolean {
    return isData(this.statement)
  }

  get isWrite(): boolean {
    switch (this.statement.kind) {
      case 'select':
      case 'values':
      case 'setOperation':
      case 'explain':
      case 'pragma':
      case 'show':
      case 'begin':
      case 'commit':
      case 'rollback':
      case 'savepoint':
      case 'release':
        return false
      default:
        return true
    }
  }

  /** The table, when it inserts one row and asks for nothing back. */
  get insertsOne(): InsertStatement | undefined {
    const { statement } = this
    if (statement.kind !== 'insert' || statement.rows.length !== 1 || statement.returning.length > 0) return undefined
    return statement
  }

  /** The same, which also returns a column of the row that it inserts. */
  returning(insert: InsertStatement, column: string, cache: StatementCache): Runnable {
    const expression = { kind: 'column', table: undefined, name: column } as const
    const returning = [{ kind: 'expression', expression, alias: undefined } as const]
    const statement = { ...insert, returning }
    return new Runnable(statement, this.values, cache.get(statement, this.values.length))
  }
}

/**
 * The tree of a query where the tree says all, its text elsewhere: for what is text anyway, for the schema, and for nodes that
 * are not known here.
 */
export function runnableOf(query: CompiledQuery, printer: Printer, cache: StatementCache): Runnable {
  if (!(query instanceof LazyCompiledQuery)) return ofTree(query, printer, cache) ?? textOf(query)
  // One that is compiled once and executed often is lowered once.
  return (query.runnable ??= ofTree(query, printer, cache) ?? textOf(query)) as Runnable
}

function ofTree(query: CompiledQuery, printer: Printer, cache: StatementCache): Runnable | undefined {
  const { query: root } = query
  if (root.kind === 'RawNode') return undefined
  const tree = lower(root, printer)
  if (tree === undefined) return undefined
  const { statement, parameters } = tree
  return new Runnable(statement, parameters, isBatch(statement) ? undefined : cache.get(statement, parameters.length))
}

/** Many rows: these are planned as one row is, and need no place in the cache. */
const isBatch = (statement: Statement): boolean => statement.kind === 'insert' && statement.rows.length > 1

/** The other lane: the query by its text alone. */
export function textOf(query: CompiledQuery): Runnable {
  const text = sqlText(query.sql)
  return new Runnable(text.parsed.statement, query.parameters, text)
}
