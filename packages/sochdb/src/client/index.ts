/**
 * The run time of generated clients: generated code imports it, applications import the generated code.
 *
 * @module sochdb/client
 */
export { createClient } from './runtime.js'
export { sql } from './sql.js'
export type { Sql, SqlFragment } from './sql.js'
export type * from './types.js'
export type * from './repository-types.js'
export type * from './cache-types.js'
export type * from './hook-types.js'
export type * from './collection-types.js'
export type * from './graph-types.js'
export type * from './kv-types.js'
