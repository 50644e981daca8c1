/**
 * What the other packages of this project may use beyond the public API. It changes without notice.
 */
export { errorFromNative } from '../errors/index.js'
export { DEFAULT_NAMESPACE_ID, isTransaction, native, nativeHandle } from '../engine/index.js'
export type * from '../sql/ast/nodes.js'
export { createTable } from '../sql/catalog/index.js'
export { createTableIndex, describeTables, describeViews } from '../sql/schema.js'
export type { TableDescription, ViewDescription } from '../sql/schema.js'
export { executeAsync, iterateAsync, sqlTargetOf } from '../async/index.js'
export type { AsyncSqlTarget } from '../async/index.js'
export { parseExpression, parseStatement } from '../sql/parser/index.js'
export { executeText, getTableSchema, isData, iterateText, sqlText, textOfTree } from '../sql/text/index.js'
export type { SqlText } from '../sql/text/index.js'
export { catalogStore, executeStatement, explainStatement, integerKeyOf, PreparedStatement } from '../sql/session.js'
export { databaseOf } from '../sql/result/index.js'
export type { Row, StatementResult, StatementTarget } from '../sql/session.js'
export {
  expectOneHead,
  headsOf,
  readMigrations,
  readSnapshot,
  stepOf,
  writeMigration,
  writeSnapshot,
} from '../migrate/folder.js'
export type { Migration, NewMigration, Step } from '../migrate/folder.js'
export type { StatementGuard } from '../client/guard.js'
export { pullSqlite, pullStore } from '../pull/index.js'
export type { Pulled, SqliteObject } from '../pull/index.js'
