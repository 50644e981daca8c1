export { SochdbHealthIndicator, type SochdbPing } from './indicator.js'
