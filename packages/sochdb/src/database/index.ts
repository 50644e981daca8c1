export { Database, openWithRecovery } from './database.js'
export { Snapshot } from './snapshot.js'
export { Transaction } from './transaction.js'
