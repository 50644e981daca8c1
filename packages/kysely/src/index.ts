/**
 * Kysely on SochDB: operation nodes are lowered to the engine's plans, no SQL text in between.
 *
 * @module @sochdb/kysely
 */
export { SochdbDialect, type SochdbDialectConfig } from './dialect.js'
export { jsonArrayFrom, jsonBuildObject, jsonObjectFrom, type NestedExpression, type NestedQuery } from './helpers.js'
export type { Target, TargetOption } from './target.js'
