/**
 * The health of a store, for `@nestjs/terminus`.
 *
 * @module @sochdb/nestjs/health
 */
export { SochdbHealthIndicator, type SochdbPing } from './indicator.js'
