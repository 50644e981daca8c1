export { Database, openWithRecovery } from './database.js'
export { Transaction } from './transaction.js'
