export { catalogStore } from './catalog-store.js'
export type { ParameterType } from './encode.js'
export type { ResultColumn, Row } from './factory.js'
export { databaseOf, NativeStatement, type RunOptions, type RunnablePlan, type StatementTarget } from './statement.js'
