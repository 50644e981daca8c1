export * from './errors/errors.js'
export { ErrorCode } from './errors/error-code.js'
export type { Bytes } from './bytes/bytes.js'
export { Database, openWithRecovery, Transaction } from './database/index.js'
export { CompressionType, IsolationLevel, LogLevel, Recovery, Snapshot, SyncMode } from './engine/index.js'
export type {
  ChecksumError,
  DatabaseConfig,
  DatabaseOptions,
  DatabaseStats,
  IndexPolicy,
  LogEntry,
  PutOptions,
  RecoveryReport,
  Savepoint,
  ScanOptions,
  TransactionOptions,
  WalStatistics,
  WalVerification,
} from './engine/index.js'
