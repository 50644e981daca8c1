/**
 * What the other packages of this project may use beyond the public API. It changes without notice.
 */
export { errorFromNative } from '../errors/index.js'
export { DEFAULT_NAMESPACE_ID, isTransaction, native, nativeHandle } from '../engine/index.js'
export type * from '../sql/ast/nodes.js'
export { createTable } from '../sql/catalog/index.js'
export { createTableIndex, describeTables } from '../sql/schema.js'
export type { TableDescription } from '../sql/schema.js'
export { catalogStore, executeStatement, explainStatement, PreparedStatement } from '../sql/session.js'
export type { StatementResult, StatementTarget } from '../sql/session.js'
