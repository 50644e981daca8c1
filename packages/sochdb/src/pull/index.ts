/** Stores and other databases as schemas. */
export type { Pulled } from './pulled.js'
export { pullSqlite, type SqliteObject } from './pull-sqlite.js'
export { pullStore } from './pull-store.js'
