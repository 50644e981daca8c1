/** Schema files out of contracts. */
export { printSchema, type PrintedSchema } from './schema-text.js'
export { snakeCase } from '../tables/parts.js'
