import type { CompiledQuery } from 'kysely'
import { isData, sqlText, textOfTree } from 'sochdb/internal'
import type { InsertStatement, SqlText, Statement } from 'sochdb/internal'
import { lower, type Lowered } from './lowering/lower.js'
import type { Printer } from './query-compiler.js'

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

  /** Whether it goes through the text's plan: it was text, or has no plan. */
  get isText(): boolean {
    return this.#text !== undefined || !isData(this.statement)
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
  returning(insert: InsertStatement, column: string): Runnable {
    const expression = { kind: 'column', table: undefined, name: column } as const
    const returning = [{ kind: 'expression', expression, alias: undefined } as const]
    return new Runnable({ ...insert, returning }, this.values)
  }
}

/** By the root of a tree: a query that is compiled once and executed often is lowered once. */
const lowered = new WeakMap<object, Lowered | 'text'>()

/**
 * The tree of a query where the tree says all, its text elsewhere: for what is text anyway, for the schema, and for nodes that
 * are not known here.
 */
export function runnableOf(query: CompiledQuery, printer: Printer): Runnable {
  const { query: root } = query
  let tree = lowered.get(root)
  if (tree === undefined) {
    tree = root.kind === 'RawNode' ? 'text' : (lower(root, printer) ?? 'text')
    lowered.set(root, tree)
  }
  return tree === 'text' ? textOf(query) : new Runnable(tree.statement, tree.parameters)
}

/** The other lane: the query by its text alone. */
export function textOf(query: CompiledQuery): Runnable {
  const text = sqlText(query.sql)
  return new Runnable(text.parsed.statement, query.parameters, text)
}
