/**
 * Running statements: syntax trees in, rows out. Plans are compiled once for each shape of a statement and namespace, and again
 * when the catalog entries they were bound against have changed.
 *
 * A transaction that changed the schema itself runs plans of its own, which nobody else sees.
 */
import type { Database } from '../engine/database.js'
import { isTransaction } from '../engine/transaction.js'
import type { Transaction } from '../engine/transaction.js'
import type { ExplainStatement, Statement } from './ast/nodes.js'
import type { Dialect } from './parser/index.js'
import { shapeOf } from './ast/walk.js'
import type { StatementShape } from './ast/walk.js'
import type { CatalogSnapshot } from './catalog/snapshot.js'
import { placed } from './binder/places.js'
import { asBatch } from './plan/batches.js'
import type { RowBatch } from './plan/batches.js'
import { explain } from './plan/compile.js'
import type { BoundPlan, ResultColumn } from './plan/compile.js'
import { explainCounts } from './plan/explain.js'
import type { OperatorCounts } from './plan/explain.js'
import type { Origin } from './plan/parameters.js'
import { checkParameterCount, completeRows, completeValues } from './plan/parameters.js'
import { BIND_ATTEMPTS, isSchemaChange, sessionOf } from './plans.js'
import type { Compiled, Planned, Session, Types } from './plans.js'
import { catalogStore, databaseOf, type NativeStatement } from './result/index.js'
import type { Row, RunOptions, StatementTarget } from './result/index.js'

export { catalogStore }
export type { Row, RunOptions, StatementTarget }

/** What a statement gave back. */
export interface StatementResult {
  readonly columns: readonly ResultColumn[]
  /** Those of the columns. */
  readonly names: readonly string[]
  readonly rows: readonly Row[]
  /** Rows inserted, updated or deleted; 0 for a SELECT. */
  readonly rowsAffected: number
}

/**
 * Runs a statement on a database or a namespace (as a transaction of its own), in a transaction, or, when it reads, on a snapshot.
 *
 * @throws QueryError for a statement that does not fit the catalog, and for the wrong number of values
 * @throws UniqueConstraintError, NotNullError, … when the rows break a constraint; nothing of the statement remains then
 */
export function executeStatement(
  target: StatementTarget,
  statement: Statement,
  values: readonly unknown[],
  options?: RunOptions,
): StatementResult {
  const database = databaseOf(target)
  const session = sessionOf(target)
  const batch = asBatch(statement)
  if (batch?.parameterCount === values.length) {
    return written(new PreparedStatement(batch.statement).runFlat(target, values, options))
  }
  const shape = session.shapeOf(statement)
  checkParameterCount(shape.parameterCount, values)
  const planned = session.plan(target, statement, shape, values)
  return session.run(target, statement, shape, planned, ({ plan, native: runnable }) => {
    const complete = completeValues(values, plan.generated, originOf(target, database))
    const { rows, rowsAffected } = runnable.execute(target, database, complete, options)
    return resultOf(plan, rows, rowsAffected)
  })
}

/** What EXPLAIN gives back. */
export const PLAN_COLUMNS: readonly ResultColumn[] = [{ name: 'plan', type: 'text', nullable: false }]
const PLAN_NAMES: readonly string[] = ['plan']

/** What the caller sees of what a plan yielded. */
export function resultOf(plan: BoundPlan, rows: readonly Row[], affected: number): StatementResult {
  const rowsAffected = plan.isWrite ? affected : 0
  const { operators } = plan
  if (!operators) return { columns: plan.columns, names: plan.names, rows, rowsAffected }
  const lines = explainCounts(operators, rows as unknown as OperatorCounts[])
  return { columns: PLAN_COLUMNS, names: PLAN_NAMES, rows: lines.map(line => ({ plan: line })), rowsAffected }
}

/** What a write without RETURNING gives. */
const written = (rowsAffected: number): StatementResult => ({ columns: [], names: [], rows: [], rowsAffected })

/** What the statement is a part of, unless it is a transaction of its own, and what was written before it. */
const originOf = (target: StatementTarget, database: Database): Origin => ({
  transaction: isTransaction(target) ? target : undefined,
  counts: () => sessionOf(database).writeCounts(),
})

/** EXPLAIN: the plan, one operator a line. */
export function explainPrepared(
  target: StatementTarget,
  { statement }: ExplainStatement,
  dialect: Dialect,
  text: string | undefined,
): readonly string[] {
  try {
    return explain(statement, sessionOf(target).catalog(target), { dialect }).split('\n')
  } catch (error) {
    throw placed(error, text)
  }
}

/** The catalog as the target sees it now. */
export function catalogOf(target: StatementTarget): CatalogSnapshot {
  return sessionOf(target).catalog(target)
}

/** The plan of a statement as text, one operator a line; nothing is run. */
export function explainStatement(target: StatementTarget, statement: Statement): string {
  return explain(statement, sessionOf(target).catalog(target))
}

/** The column that is a table's whole primary key, when that is an integer; `undefined` for others, and without the table. */
export function integerKeyOf(target: StatementTarget, table: string): string | undefined {
  return sessionOf(target).integerKey(target, table)
}

/**
 * A statement that is run often: its shape is computed once, and its plan is at hand. Belongs to no database; each namespace of each
 * has a plan of its own for it.
 */
export class PreparedStatement {
  readonly statement: Statement
  readonly #shape: StatementShape
  /** The plan last used, and where: nearly always the one wanted next. Held strongly: asking a WeakRef costs more than the row. */
  #database: Database | undefined
  #namespaceId = 0
  #compiled: Compiled | undefined
  /** Of an insert of many rows: the insert of one, which runs once for each. */
  readonly #batch: RowBatch | undefined
  #single: PreparedStatement | undefined

  /** `text`: what the statement was read from. EXPLAIN ANALYZE is its statement, run for what its operators do. */
  constructor(given: Statement, dialect: Dialect = 'auto', text?: string) {
    const analyze = given.kind === 'explain'
    const statement = analyze ? given.statement : given
    this.statement = statement
    let shape: StatementShape = { ...shapeOf(statement), text }
    if (analyze) shape = { ...shape, key: `analyze@${shape.key}`, analyze }
    const batch = analyze ? undefined : asBatch(statement)
    this.#batch = batch?.parameterCount === shape.parameterCount ? batch : undefined
    this.#shape = dialect === 'auto' ? shape : { ...shape, key: `${dialect}@${shape.key}`, dialect }
  }

  /** All rows. */
  all(target: StatementTarget, values: readonly unknown[], options?: RunOptions): Row[] {
    const ready = this.#ready(target, values)
    if (ready !== undefined) {
      try {
        return ready.all(target, this.#database!, values, options)
      } catch (error) {
        if (!isSchemaChange(error)) throw error
      }
    }
    return this.#run(target, values, (compiled, database, complete) =>
      compiled.native.all(target, database, complete, options),
    )
  }

  /** Rows, what they are called, and how many were written. */
  execute(target: StatementTarget, values: readonly unknown[], options?: RunOptions): StatementResult {
    if (this.#batch !== undefined) return written(this.run(target, values, options))
    return this.#run(target, values, (compiled, database, complete) => {
      const { rows, rowsAffected } = compiled.native.execute(target, database, complete, options)
      return resultOf(compiled.plan, rows, rowsAffected)
    })
  }

  /** Rows batch by batch. Where the catalog has moved on before the first one, it is bound again. */
  *batches(target: StatementTarget, values: readonly unknown[], options?: RunOptions): Generator<Row[], void> {
    let runnable = this.runnable(target, values)
    for (let attempt = 1; ; ++attempt) {
      try {
        yield* runnable.native.batches(target, runnable.database, runnable.values, options)
        return
      } catch (error) {
        if (attempt === BIND_ATTEMPTS || !isSchemaChange(error)) throw error
        runnable = this.runnable(target, values, true)
      }
    }
  }

  /** What there is to run for these values. `afresh`: bound again, as the last was refused with SCHEMA_CHANGED. */
  runnable(target: StatementTarget, values: readonly unknown[], afresh = false): Runnable {
    checkParameterCount(this.#shape.parameterCount, values)
    const database = databaseOf(target)
    const session = sessionOf(target)
    const planned = this.#plan(session, target, values)
    const compiled = afresh ? session.compile(target, this.statement, this.#shape, planned.types) : planned.compiled
    this.#keep(target, database, compiled, planned.types)
    const { plan, native: runs } = compiled
    return { database, native: runs, plan, values: completeValues(values, plan.generated, originOf(target, database)) }
  }

  /** The first row. */
  get(target: StatementTarget, values: readonly unknown[], options?: RunOptions): Row | undefined {
    const ready = this.#ready(target, values)
    if (ready !== undefined) {
      try {
        return ready.get(target, this.#database!, values, options)
      } catch (error) {
        if (!isSchemaChange(error)) throw error
      }
    }
    return this.#run(target, values, (compiled, database, complete) =>
      compiled.native.get(target, database, complete, options),
    )
  }

  /** Rows inserted, updated or deleted; 0 for what reads. */
  run(target: StatementTarget, values: readonly unknown[], options?: RunOptions): number {
    if (this.#batch !== undefined) {
      checkParameterCount(this.#shape.parameterCount, values)
      const { dialect, text } = this.#shape
      this.#single ??= new PreparedStatement(this.#batch.statement, dialect, text)
      return this.#single.runFlat(target, values, options)
    }
    const ready = this.#ready(target, values)
    if (ready !== undefined) {
      try {
        return ready.run(target, this.#database!, values, options)
      } catch (error) {
        if (!isSchemaChange(error)) throw error
      }
    }
    return this.#run(target, values, (compiled, database, complete) => {
      const affected = compiled.native.run(target, database, complete, options)
      return compiled.plan.isWrite ? affected : 0
    })
  }

  /** Runs once per row of values, as one statement: all or nothing. Rows affected. */
  runMany(target: StatementTarget, rows: readonly (readonly unknown[])[], options?: RunOptions): number {
    if (rows.length === 0) return 0
    for (const row of rows) checkParameterCount(this.#shape.parameterCount, row)
    return this.#many(target, ({ native: runs, plan: { generated } }, database) =>
      runs.runMany(
        target,
        database,
        generated.length === 0 ? rows : completeRows(rows, generated, originOf(target, database)),
        options,
      ),
    )
  }

  /** The same with the values of all rows in one array, each row's behind those of the row before. */
  runFlat(target: StatementTarget, values: readonly unknown[], options?: RunOptions): number {
    const width = this.#shape.parameterCount
    return this.#many(target, ({ native: runs, plan: { generated } }, database) => {
      if (generated.length === 0) return runs.runFlat(target, database, values, options)
      const rows = Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width))
      return runs.runMany(target, database, completeRows(rows, generated, originOf(target, database)), options)
    })
  }

  #many(target: StatementTarget, body: (compiled: Compiled, database: Database) => number): number {
    const database = databaseOf(target)
    const session = sessionOf(target)
    const planned = this.#plan(session, target, [])
    return session.run(target, this.statement, this.#shape, planned, compiled => {
      const affected = body(compiled, database)
      this.#keep(target, database, compiled, planned.types)
      return affected
    })
  }

  /** What runs with these values as they are, in the namespace it ran in last; everything else goes the long way. */
  #ready(target: StatementTarget, values: readonly unknown[]): NativeStatement | undefined {
    const compiled = this.#compiled
    if (compiled === undefined || values.length !== this.#shape.parameterCount) return undefined
    if (!this.#isAtHand(target)) return undefined
    return compiled.isPlain || (compiled.takes(values) && compiled.isCurrent(target)) ? compiled.native : undefined
  }

  #run<T>(
    target: StatementTarget,
    values: readonly unknown[],
    body: (compiled: Compiled, database: Database, complete: readonly unknown[]) => T,
  ): T {
    checkParameterCount(this.#shape.parameterCount, values)
    const ready = this.#ready(target, values)
    if (ready !== undefined) {
      try {
        return body(this.#compiled!, this.#database!, values)
      } catch (error) {
        if (!isSchemaChange(error)) throw error
      }
    }
    const database = databaseOf(target)
    const session = sessionOf(target)
    const planned = this.#plan(session, target, values)
    return session.run(target, this.statement, this.#shape, planned, compiled => {
      const result = body(
        compiled,
        database,
        completeValues(values, compiled.plan.generated, originOf(target, database)),
      )
      this.#keep(target, database, compiled, planned.types)
      return result
    })
  }

  #plan(session: Session, target: StatementTarget, values: readonly unknown[]): Planned {
    const compiled = this.#compiled
    if (compiled && this.#isAtHand(target) && compiled.isCurrent(target) && compiled.fits(values)) {
      return { compiled, types: undefined }
    }
    return session.plan(target, this.statement, this.#shape, values)
  }

  /** Whether the plan at hand is of the target's namespace. */
  #isAtHand(target: StatementTarget): boolean {
    if (target.namespaceId !== this.#namespaceId) return false
    return target === this.#database || databaseOf(target) === this.#database
  }

  #keep(target: StatementTarget, database: Database, compiled: Compiled, types: Types): void {
    if (compiled === this.#compiled || types || compiled.isPrivate) return
    this.#compiled = compiled
    this.#database = database
    this.#namespaceId = target.namespaceId
  }
}

/** A statement with its values, for whoever runs it in a way of their own. */
export interface Runnable {
  readonly database: Database
  readonly native: NativeStatement
  readonly plan: BoundPlan
  readonly values: readonly unknown[]
}

export type { Database, Transaction }
