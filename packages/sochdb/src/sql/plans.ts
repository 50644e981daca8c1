/**
 * Plans: statements compiled against the catalog of one namespace, kept by that and by shape, and made again when the catalog moves on.
 */
import { Snapshot } from '../engine/snapshot.js'
import { isTransaction } from '../engine/transaction.js'
import type { Database } from '../engine/database.js'
import { DEFAULT_NAMESPACE_ID } from '../engine/constants.js'
import { nativeHandle } from '../engine/handle.js'
import { native } from '../engine/native.js'
import { ErrorCode, errorFromNative, QueryError } from '../errors/index.js'
import type { Statement } from './ast/nodes.js'
import { shapeOf } from './ast/walk.js'
import type { StatementShape } from './ast/walk.js'
import { CatalogCache, catalogSnapshot } from './catalog/snapshot.js'
import type { CatalogSnapshot } from './catalog/snapshot.js'
import { placed } from './binder/places.js'
import type { Dialect } from './parser/index.js'
import { PlanCache } from './plan/cache.js'
import { compile } from './plan/compile.js'
import type { BoundPlan } from './plan/compile.js'
import { typesOfValues } from './plan/parameters.js'
import { catalogStore, databaseOf, NativeStatement } from './result/index.js'
import type { StatementTarget } from './result/index.js'
import type { NativeExec } from './result/native.js'
import type { SqlType } from './types.js'

const exec = native as unknown as NativeExec

/** A schema that changes again and again while a statement waits for it is given up on. */
export const BIND_ATTEMPTS = 5
const PLANS_MAX = 1000
/** In words of plans and characters of keys. */
const PLANS_WEIGHT_MAX = 4 * 1024 * 1024

/** A plan that is ready to run. */
export class Compiled {
  readonly native: NativeStatement
  /** Whether it runs with whatever values there are, as long as its tables stay as they are. */
  readonly isPlain: boolean

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
    this.isPlain = plan.generated.length === 0 && plan.flexible.length === 0 && plan.views.length === 0
  }

  /** Whether it runs with the caller's values as they are: none asks for another plan, none is made here. */
  takes(values: readonly unknown[]): boolean {
    return this.plan.generated.length === 0 && this.fits(values)
  }

  /** Whether the values have the types it was made for. */
  fits(values: readonly unknown[]): boolean {
    const { flexible } = this.plan
    return flexible.length === 0 || !typesOfValues(flexible, values)
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

export type Types = ReadonlyMap<number, SqlType> | undefined

/** The plans of one database, bounded together. A plan is of one namespace, and found by no other. */
export class Session {
  readonly #database: Database
  readonly #catalog = new CatalogCache()
  readonly #plans = new PlanCache<Compiled>(PLANS_MAX, PLANS_WEIGHT_MAX)
  readonly #shapes = new WeakMap<Statement, StatementShape>()
  readonly #integerKeys = new Map<string, string | undefined>()
  /** The newest write to the catalog when they were looked up. */
  #keysAt = -1n

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
    let compiled = this.#lookUp(target, statement, shape, undefined)
    let types: Types
    // A type that one value asks for may be what another one is held against: each round knows of more values than that before.
    while (compiled.plan.flexible.length > 0) {
      const asked = typesOfValues(compiled.plan.flexible, values)
      const known = types
      if (!asked || [...asked.keys()].every(index => known?.has(index))) break
      types = new Map([...(known ?? []), ...asked])
      compiled = this.#lookUp(target, statement, shape, types)
    }
    return { compiled, types }
  }

  #lookUp(target: StatementTarget, statement: Statement, shape: StatementShape, types: Types): Compiled {
    const held = this.#plans.get(keyOfPlan(target, shape, types))
    return held?.isCurrent(target) === true ? held : this.compile(target, statement, shape, types)
  }

  #bound(target: StatementTarget, statement: Statement, shape: StatementShape, types: Types): BoundPlan {
    try {
      return compile(statement, this.catalog(target), {
        parameterCount: shape.parameterCount,
        ...(shape.dialect ? { dialect: shape.dialect } : {}),
        ...(types ? { parameterTypes: types } : {}),
        ...(shape.analyze === true && { analyze: true }),
      })
    } catch (error) {
      throw placed(error, shape.text)
    }
  }

  /** Binds against the catalog as the target sees it, and keeps the plan unless it is that transaction's alone. */
  compile(target: StatementTarget, statement: Statement, shape: StatementShape, types: Types): Compiled {
    const compiled = new Compiled(this.#bound(target, statement, shape, types), shape.dialect)
    const key = keyOfPlan(target, shape, types)
    const held = this.#plans.get(key)
    // An old snapshot's plan does not replace a newer one that others use.
    const isNewer = !held || held.plan.catalogTimestamp <= compiled.plan.catalogTimestamp
    if (!compiled.isPrivate && isNewer) this.#plans.set(key, compiled, compiled.plan.words.length + key.length)
    return compiled
  }

  /**
   * The column that is a table's whole primary key, when that is an integer. Asked for every row that Kysely inserts: remembered for
   * the database as it is, until something is written to its catalog.
   */
  integerKey(target: StatementTarget, table: string): string | undefined {
    if (isTransaction(target) || isSnapshot(target)) return integerKeyIn(this.catalog(target), table)
    const timestamp = this.#catalogTimestamp()
    if (timestamp !== this.#keysAt || this.#integerKeys.size >= PLANS_MAX) {
      this.#integerKeys.clear()
      this.#keysAt = timestamp
    }
    const name = inNamespace(target, table)
    if (this.#integerKeys.has(name)) return this.#integerKeys.get(name)
    const key = integerKeyIn(this.catalog(target), table)
    this.#integerKeys.set(name, key)
    return key
  }

  /** What statements have written so far. */
  writeCounts(): ReturnType<NativeExec['writeCounts']> {
    try {
      return exec.writeCounts(this.#database[nativeHandle])
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  #catalogTimestamp(): bigint {
    try {
      return exec.catalogTimestamp(this.#database[nativeHandle])
    } catch (error) {
      throw errorFromNative(error)
    }
  }

  /**
   * The catalog of the target's namespace, as the target sees it now. The timestamp is read before the entries, and is no later than
   * what a transaction or a snapshot sees: a plan may claim to be older than it is, never younger.
   */
  catalog(target: StatementTarget): CatalogSnapshot {
    const timestamp = this.#catalogTimestamp()
    const seen = isTransaction(target) ? target.startTs : isSnapshot(target) ? target.timestamp : timestamp
    const { namespaceId } = target
    return catalogSnapshot(catalogStore(target), namespaceId, seen < timestamp ? seen : timestamp, this.#catalog)
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

export interface Planned {
  readonly compiled: Compiled
  readonly types: Types
}

export function isSchemaChange(error: unknown): boolean {
  return error instanceof QueryError && error.code === ErrorCode.SCHEMA_CHANGED
}

export const isSnapshot = (target: StatementTarget): target is Snapshot => target instanceof Snapshot

function keyOfPlan(target: StatementTarget, shape: StatementShape, types: Types): string {
  const key = inNamespace(target, shape.key)
  return types ? `${key}#${[...types].map(([index, type]) => `${index}:${type}`).join(',')}` : key
}

/** Names and keys of `default` are themselves; none begins with a NUL. */
function inNamespace({ namespaceId }: StatementTarget, name: string): string {
  return namespaceId === DEFAULT_NAMESPACE_ID ? name : `\0${namespaceId}\0${name}`
}

const sessions = new WeakMap<Database, Session>()

export function sessionOf(target: StatementTarget): Session {
  const database = databaseOf(target)
  let session = sessions.get(database)
  if (!session) {
    session = new Session(database)
    sessions.set(database, session)
  }
  return session
}

function integerKeyIn(catalog: CatalogSnapshot, table: string): string | undefined {
  const entry = catalog.getTable(table)?.entry
  if (entry?.primaryKey.length !== 1) return undefined
  const column = entry.columns[entry.primaryKey[0]!]!
  return column.type === 'integer' || column.type === 'bigint' ? column.name : undefined
}
