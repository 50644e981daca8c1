/** Running queries over key prefixes: a plan for each shape of a query is made once. */
import type { Database } from '../../engine/index.js'
import { encodePlan } from '../plan/encode.js'
import { PlanCache } from '../plan/cache.js'
import { databaseOf, NativeStatement } from '../result/index.js'
import type { Row, StatementTarget } from '../result/index.js'
import { planOf } from './plan.js'
import type { KeyQuerySpec } from './spec.js'

const plans = new PlanCache<NativeStatement>(500, 1024 * 1024)

export interface RunnableQuery {
  readonly database: Database
  readonly native: NativeStatement
  readonly values: readonly unknown[]
}

/** The statement of a query, and its values. */
export function prepareQuery(target: StatementTarget, spec: KeyQuerySpec): RunnableQuery {
  const { namespaceId } = target
  const { root, columns, parameterTypes, values } = planOf(spec)
  const key = shapeKey(spec, namespaceId, parameterTypes)
  let statement = plans.get(key)
  if (!statement) {
    const header = { parameterCount: parameterTypes.length, namespaceId, catalogTimestamp: 0n }
    statement = new NativeStatement({ ...encodePlan(root, header), columns, parameterTypes })
    plans.set(key, statement, key.length)
  }
  return { database: databaseOf(target), native: statement, values }
}

function shapeKey(spec: KeyQuerySpec, namespaceId: number, types: readonly string[]): string {
  const { conditions, columns, groupBy, orderBy, limit, offset } = spec
  return JSON.stringify([
    namespaceId,
    conditions.map(({ field, operator, values }) => [field, operator, values.map(v => v === null)]),
    columns,
    groupBy,
    orderBy,
    limit !== undefined,
    offset !== undefined,
    types,
  ])
}

export function runQuery(target: StatementTarget, spec: KeyQuerySpec): Row[] {
  const { database, native, values } = prepareQuery(target, spec)
  return native.all(target, database, values)
}
