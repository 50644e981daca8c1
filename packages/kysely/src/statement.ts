import {
  ValuesNode,
  type CompiledQuery,
  type InsertQueryNode,
  type PrimitiveValueListNode,
  type RootOperationNode,
  type ValuesItemNode,
} from 'kysely'
import { isData, sqlText, textOfTree } from 'sochdb/internal'
import type { InsertStatement, SqlText, Statement } from 'sochdb/internal'
import { lower } from './lowering/lower.js'
import { LazyCompiledQuery, type Printer } from './query-compiler.js'
import type { StatementCache } from './statement-cache.js'

/** A compiled query as the engine runs it. */
export class Runnable {
  readonly statement: Statement
  readonly values: readonly unknown[]
  /** Of an insert of many rows, whose statement is that of one: the values of each. */
  readonly batch: readonly (readonly unknown[])[] | undefined
  #text: SqlText | undefined

  constructor(statement: Statement, values: readonly unknown[], text?: SqlText, batch?: Runnable['batch']) {
    this.statement = statement
    this.values = values
    this.batch = batch
    this.#text = text
  }

  get text(): SqlText {
    return (this.#text ??= textOfTree(this.statement))
  }

  /** The statement with all that it inserts. */
  get whole(): Runnable {
    return this
  }

  get isData(): boolean {
    return isData(this.statement)
  }

  get isWrite(): boolean {
    switch (this.statement.kind) {
      case 'select':
      case 'values':
      case 'setOperation':
      case 'pragma':
      case 'show':
      case 'begin':
      case 'commit':
      case 'rollback':
      case 'savepoint':
      case 'release':
        return false
      case 'explain': {
        const { analyze, statement } = this.statement
        return analyze && ['insert', 'update', 'delete'].includes(statement.kind)
      }
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
    const text = cache.returning(this.text, column, () => {
      const expression = { kind: 'column', table: undefined, name: column } as const
      const returning = [{ kind: 'expression', expression, alias: undefined } as const]
      return cache.get({ ...insert, returning }, this.values.length)
    })
    return new Runnable(text.parsed.statement, this.values, text)
  }
}

/** An insert of rows that differ in nothing but their values: planned once for a row, run once for each, as one statement. */
class Batch extends Runnable {
  readonly #whole: () => Runnable

  constructor(text: SqlText, batch: readonly (readonly unknown[])[], whole: () => Runnable) {
    super(text.parsed.statement, batch[0]!, text, batch)
    this.#whole = whole
  }

  override get insertsOne(): undefined {
    return undefined
  }

  override get whole(): Runnable {
    return this.#whole()
  }
}

/**
 * The tree of a query where the tree says all, its text elsewhere: for what is text anyway, for the schema, and for nodes that
 * are not known here.
 */
export function runnableOf(query: CompiledQuery, printer: Printer, cache: StatementCache): Runnable {
  const make = (): Runnable => ofTree(query, printer, cache) ?? textOf(query)
  // One that is compiled once and executed often is lowered once.
  return query instanceof LazyCompiledQuery ? query.once(make) : make()
}

function ofTree(query: CompiledQuery, printer: Printer, cache: StatementCache): Runnable | undefined {
  const { query: root } = query
  if (root.kind === 'RawNode') return undefined
  if (root.kind === 'InsertQueryNode') {
    const batch = ofRows(root, printer, cache)
    if (batch !== undefined) return batch
  }
  return lowered(root, printer, cache)
}

function lowered(root: RootOperationNode, printer: Printer, cache: StatementCache): Runnable | undefined {
  const tree = lower(root, printer)
  return tree && new Runnable(tree.statement, tree.parameters, cache.get(tree.statement, tree.parameters.length))
}

const isPrimitive = (row: ValuesItemNode): row is PrimitiveValueListNode => row.kind === 'PrimitiveValueListNode'

function ofRows(root: InsertQueryNode, printer: Printer, cache: StatementCache): Batch | undefined {
  const { values } = root
  if (values?.kind !== 'ValuesNode' || root.returning !== undefined) return undefined
  const rows = (values as ValuesNode).values
  const [first] = rows
  if (first === undefined || rows.length === 1 || !rows.every(isPrimitive)) return undefined
  const single: InsertQueryNode = { ...root, values: ValuesNode.create([first]) }
  const tree = lower(single, printer)
  if (tree?.statement.kind !== 'insert' || tree.statement.onConflict?.action === 'update') return undefined
  // Other parameters than those of the row would be the statement's, not a row's.
  if (tree.parameters.length !== first.values.length) return undefined
  const text = cache.get(tree.statement, tree.parameters.length)
  return new Batch(
    text,
    rows.map(row => row.values),
    () => lowered(root, printer, cache)!,
  )
}

/** The other lane: the query by its text alone. */
export function textOf(query: CompiledQuery): Runnable {
  const text = sqlText(query.sql)
  return new Runnable(text.parsed.statement, query.parameters, text)
}
