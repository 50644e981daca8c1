export * from './errors/errors.js'
export { ErrorCode } from './errors/error-code.js'
export type { Bytes } from './bytes/bytes.js'
export {
  CompressionType,
  Database,
  IsolationLevel,
  LogLevel,
  openWithRecovery,
  Recovery,
  Snapshot,
  SyncMode,
  Transaction,
} from './engine/index.js'
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
