/**
 * Running statements: syntax trees in, rows out. Plans are compiled once for each shape of a statement and database, and again
 * when the catalog entries they were bound against have changed.
 *
 * A transaction that changed the schema itself runs plans of its own, which nobody else sees.
 */
import { isTransaction } from '../engine/transaction.js'
import type { Database } from '../engine/database.js'
import type { Transaction } from '../engine/transaction.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/constants.js'
import { nativeHandle } from '../engine/handle.js'
import { native } from '../engine/native.js'
import { ErrorCode, errorFromNative, QueryError } from '../errors/index.js'
import type { ExplainStatement, Statement } from './ast/nodes.js'
import type { Dialect } from './parser/index.js'
import { shapeOf } from './ast/walk.js'
import type { StatementShape } from './ast/walk.js'
import { CatalogCache, catalogSnapshot } from './catalog/snapshot.js'
import type { CatalogSnapshot } from './catalog/snapshot.js'
import { placed } from './binder/places.js'
import { asBatch } from './plan/batches.js'
import { PlanCache } from './plan/cache.js'
import { compile, explain } from './plan/compile.js'
import type { BoundPlan, ResultColumn } from './plan/compile.js'
import { checkParameterCount, completeRows, completeValues, typesOfValues } from './plan/parameters.js'
import { catalogStore, NativeStatement } from './result/index.js'
import type { Row, RunOptions, StatementTarget } from './result/index.js'
import type { NativeExec } from './result/native.js'
import type { SqlType } from './types.js'

export { catalogStore }
export type { Row, RunOptions, StatementTarget }

/** What a statement gave back. */
export interface StatementResult {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly Row[]
  /** Rows inserted, updated or deleted; 0 for a SELECT. */
  readonly rowsAffected: number
}

const exec = native as unknown as NativeExec

/** A schema that changes again and again while a statement waits for it is given up on. */
const BIND_ATTEMPTS = 5
const PLANS_MAX = 500
/** In words of plans and characters of keys. */
const PLANS_WEIGHT_MAX = 4 * 1024 * 1024

/** A plan that is ready to run. */
class Compiled {
  readonly native: NativeStatement

  constructor(
    readonly plan: BoundPlan,
    dialect: Dialect | undefined,
  ) {
    // MySQL and SQLite know no booleans in results.
    const isNumber = dialect === 'mysql' || dialect === 'sqlite'
    const columns = isNumber
      ? plan.columns.map(c => (c.type === 'boolean' ? { ...c, asNumber: true } : c))
      : plan.columns
    this.native = new NativeStatement({ ...plan, columns })
  }

  /** Whether it runs with the caller's values as they are: none asks for another plan, none is made here. */
  takes(values: readonly unknown[]): boolean {
    const { flexible, generated } = this.plan
    return generated.length === 0 && (flexible.length === 0 || !typesOfValues(flexible, values))
  }

  /** Whether one of its tables was changed by the transaction that bound it, so that it is good for this once. */
  get isPrivate(): boolean {
    const { tables, views } = this.plan
    return tables.some(table => table.version === 0n) || views.some(view => view.isSystem ?? view.version === 0n)
  }

  /** Whether the views it goes through are still the same. Tables are the engine's to compare. */
  isCurrent(target: StatementTarget): boolean {
    const { views } = this.plan
    if (views.length === 0) return true
    const store = catalogStore(target)
    return views.every(view => view.key !== undefined && store.get(view.key)?.version === view.version)
  }
}

type Types = ReadonlyMap<number, SqlType> | undefined

/** The plans of one database. */
class Session {
  readonly #database: Database
  readonly #catalog = new CatalogCache()
  readonly #plans = new PlanCache<Compiled>(PLANS_MAX, PLANS_WEIGHT_MAX)
  readonly #shapes = new WeakMap<Statement, StatementShape>()

  constructor(database: Database) {
    this.#database = database
  }

  shapeOf(statement: Statement): StatementShape {
    let shape = this.#shapes.get(statement)
    if (!shape) {
      shape = shapeOf(statement)
      this.#shapes.set(statement, shape)
    }
    return shape
  }

  /** The plan for a statement and, where the values ask for other types than it assumes, the variant with those. */
  plan(target: StatementTarget, statement: Statement, shape: StatementShape, values: readonly unknown[]): Planned {
    const base = this.#lookUp(target, statement, shape, undefined)
    const types = base.plan.flexible.length === 0 ? undefined : typesOfValues(base.plan.flexible, values)
    if (!types) return { compiled: base, types }
    return { compiled: this.#lookUp(target, statement, shape, types), types }
  }

  #lookUp(target: StatementTarget, statement: Statement, shape: StatementShape, types: Types): Compiled {
    const held = this.#plans.get(variantKey(shape, types))
    return held?.isCurrent(target) === true ? held : this.compile(target, statement, shape, types)
  }

  #bound(target: StatementTarget, statement: Statement, shape: StatementShape, types: Types): BoundPlan {
    try {
      return compile(statement, this.catalog(target), {
        parameterCount: shape.parameterCount,
        ...(shape.dialect ? { dialect: shape.dialect } : {}),
        ...(types ? { parameterTypes: types } : {}),
      })
    } catch (error) {
      throw placed(error, shape.text)
    }
  }

  /** Binds against the catalog as the target sees it, and keeps the plan unless it is that transaction's alone. */
  compile(target: StatementTarget, statement: Statement, shape: StatementShape, types: Types): Compiled {
    const compiled = new Compiled(this.#bound(target, statement, shape, types), shape.dialect)
    const key = variantKey(shape, types)
    const held = this.#plans.get(key)
    // An old snapshot's plan does not replace a newer one that others use.
    const isNewer = !held || held.plan.catalogTimestamp <= compiled.plan.catalogTimestamp
    if (!compiled.isPrivate && isNewer) this.#plans.set(key, compiled, compiled.plan.words.length + key.length)
    return compiled
  }

  /**
   * The catalog as the target sees it now. The timestamp is read before the entries, and is no later than the transaction's
   * snapshot: a plan may claim to be older than it is, never younger.
   */
  catalog(target: StatementTarget): CatalogSnapshot {
    let timestamp: bigint
    try {
      timestamp = exec.catalogTimestamp(this.#database[nativeHandle])
    } catch (error) {
      throw errorFromNative(error)
    }
    if (isTransaction(target) && target.startTs < timestamp) timestamp = target.startTs
    return catalogSnapshot(catalogStore(target), DEFAULT_NAMESPACE_ID, timestamp, this.#catalog)
  }

  /** Runs a body with a plan, and again with a new one when the catalog had moved on. */
  run<T>(
    target: StatementTarget,
    statement: Statement,
    shape: StatementShape,
    planned: Planned,
    body: (compiled: Compiled) => T,
  ): T {
    let { compiled } = planned
    for (let attempt = 1; ; ++attempt) {
      try {
        return body(compiled)
      } catch (error) {
        if (attempt === BIND_ATTEMPTS || !isSchemaChange(error)) throw error
        compiled = this.compile(target, statement, shape, planned.types)
      }
    }
  }
}

interface Planned {
  readonly compiled: Compiled
  readonly types: Types
}

function isSchemaChange(error: unknown): boolean {
  return error instanceof QueryError && error.code === ErrorCode.SCHEMA_CHANGED
}

function variantKey(shape: StatementShape, types: Types): string {
  if (!types) return shape.key
  return `${shape.key}#${[...types].map(([index, type]) => `${index}:${type}`).join(',')}`
}

const sessions = new WeakMap<Database, Session>()

function databaseOf(target: StatementTarget): Database {
  if (target.namespaceId !== DEFAULT_NAMESPACE_ID) {
    throw new QueryError('Tables are in the namespace "default" alone; these are not seen through another one.', {
      code: ErrorCode.UNSUPPORTED,
      remediation:
        'Run statements on the database, or on a transaction of it, and keep keys and collections in namespaces.',
    })
  }
  return isTransaction(target) ? target.database : target
}

function sessionOf(database: Database): Session {
  let session = sessions.get(database)
  if (!session) {
    session = new Session(database)
    sessions.set(database, session)
  }
  return session
}

/**
 * Runs a statement on a database (as a transaction of its own) or in a transaction.
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
  const session = sessionOf(database)
  const batch = asBatch(statement, values)
  if (batch) {
    const prepared = new PreparedStatement(batch.statement)
    return { columns: [], rows: [], rowsAffected: prepared.runMany(target, batch.rows, options) }
  }
  const shape = session.shapeOf(statement)
  checkParameterCount(shape.parameterCount, values)
  const planned = session.plan(target, statement, shape, values)
  return session.run(target, statement, shape, planned, ({ plan, native: runnable }) => {
    const complete = completeValues(values, plan.generated)
    const { rows, rowsAffected } = runnable.execute(target, database, complete, options)
    return { columns: plan.columns, rows, rowsAffected: plan.isWrite ? rowsAffected : 0 }
  })
}

/** EXPLAIN: the plan, one operator a line. */
export function explainPrepared(
  target: StatementTarget,
  { statement }: ExplainStatement,
  dialect: Dialect,
  text: string | undefined,
): readonly string[] {
  try {
    return explain(statement, sessionOf(databaseOf(target)).catalog(target), { dialect }).split('\n')
  } catch (error) {
    throw placed(error, text)
  }
}

/** The catalog as the target sees it now. */
export function catalogOf(target: StatementTarget): CatalogSnapshot {
  return sessionOf(databaseOf(target)).catalog(target)
}

/** The plan of a statement as text, one operator a line; nothing is run. */
export function explainStatement(target: StatementTarget, statement: Statement): string {
  return explain(statement, sessionOf(databaseOf(target)).catalog(target))
}

/** The column that is a table's whole primary key, when that is an integer; `undefined` for others, and without the table. */
export function integerKeyOf(target: StatementTarget, table: string): string | undefined {
  const entry = sessionOf(databaseOf(target)).catalog(target).getTable(table)?.entry
  if (entry?.primaryKey.length !== 1) return undefined
  const column = entry.columns[entry.primaryKey[0]!]!
  return column.type === 'integer' || column.type === 'bigint' ? column.name : undefined
}

/**
 * A statement that is run often: its shape is computed once, and its plan is at hand. Belongs to no database; each keeps a
 * plan of its own for it.
 */
export class PreparedStatement {
  readonly statement: Statement
  readonly #shape: StatementShape
  /** The plan last used, and where: nearly always the one wanted next. Held strongly: asking a WeakRef costs more than the row. */
  #database: Database | undefined
  #compiled: Compiled | undefined

  /** `text`: what the statement was read from. */
  constructor(statement: Statement, dialect: Dialect = 'auto', text?: string) {
    this.statement = statement
    const shape = { ...shapeOf(statement), text }
    this.#shape = dialect === 'auto' ? shape : { ...shape, key: `${dialect}@${shape.key}`, dialect }
  }

  /** All rows. */
  all(target: StatementTarget, values: readonly unknown[], options?: RunOptions): Row[] {
    return this.#run(target, values, (compiled, database, complete) =>
      compiled.native.all(target, database, complete, options),
    )
  }

  /** Rows, what they are called, and how many were written. */
  execute(target: StatementTarget, values: readonly unknown[], options?: RunOptions): StatementResult {
    return this.#run(target, values, (compiled, database, complete) => {
      const { rows, rowsAffected } = compiled.native.execute(target, database, complete, options)
      const { columns, isWrite } = compiled.plan
      return { columns, rows, rowsAffected: isWrite ? rowsAffected : 0 }
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
    const session = sessionOf(database)
    const planned = this.#plan(session, target, database, values)
    const compiled = afresh ? session.compile(target, this.statement, this.#shape, planned.types) : planned.compiled
    this.#keep(database, compiled, planned.types)
    const { plan, native: runs } = compiled
    return { database, native: runs, plan, values: completeValues(values, plan.generated) }
  }

  /** The first row. */
  get(target: StatementTarget, values: readonly unknown[]): Row | undefined {
    return this.#run(target, values, (compiled, database, complete) => compiled.native.get(target, database, complete))
  }

  /** Rows inserted, updated or deleted. */
  run(target: StatementTarget, values: readonly unknown[], options?: RunOptions): number {
    return this.#run(target, values, (compiled, database, complete) =>
      compiled.native.run(target, database, complete, options),
    )
  }

  /** Runs once per row of values, as one statement: all or nothing. Rows affected. */
  runMany(target: StatementTarget, rows: readonly (readonly unknown[])[], options?: RunOptions): number {
    if (rows.length === 0) return 0
    for (const row of rows) checkParameterCount(this.#shape.parameterCount, row)
    const database = databaseOf(target)
    const session = sessionOf(database)
    const planned = this.#plan(session, target, database, [])
    return session.run(target, this.statement, this.#shape, planned, compiled => {
      const { generated } = compiled.plan
      const complete = generated.length === 0 ? rows : completeRows(rows, generated)
      const affected = compiled.native.runMany(target, database, complete, options)
      this.#keep(database, compiled, planned.types)
      return affected
    })
  }

  #run<T>(
    target: StatementTarget,
    values: readonly unknown[],
    body: (compiled: Compiled, database: Database, complete: readonly unknown[]) => T,
  ): T {
    checkParameterCount(this.#shape.parameterCount, values)
    const database = databaseOf(target)
    const last = this.#compiled
    if (last !== undefined && this.#database === database && last.takes(values) && last.isCurrent(target)) {
      try {
        return body(last, database, values)
      } catch (error) {
        if (!isSchemaChange(error)) throw error
      }
    }
    const session = sessionOf(database)
    const planned = this.#plan(session, target, database, values)
    return session.run(target, this.statement, this.#shape, planned, compiled => {
      const result = body(compiled, database, completeValues(values, compiled.plan.generated))
      this.#keep(database, compiled, planned.types)
      return result
    })
  }

  #plan(session: Session, target: StatementTarget, database: Database, values: readonly unknown[]): Planned {
    const compiled = this.#compiled
    if (compiled && this.#database === database && compiled.isCurrent(target)) {
      const { flexible } = compiled.plan
      if (flexible.length === 0 || !typesOfValues(flexible, values)) return { compiled, types: undefined }
    }
    return session.plan(target, this.statement, this.#shape, values)
  }

  #keep(database: Database, compiled: Compiled, types: Types): void {
    if (compiled === this.#compiled || types || compiled.isPrivate) return
    this.#compiled = compiled
    this.#database = database
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
