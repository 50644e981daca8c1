export {
  DEFAULT_NAMESPACE_ID,
  CompressionType,
  indexPolicyName,
  IsolationLevel,
  LogLevel,
  SyncMode,
} from './constants.js'
export type { IndexPolicy } from './constants.js'
export { Database } from './database.js'
export { checkpointOf, checkPath, timestampOf, truncationOf, verificationOfStore } from './maintenance.js'
export type {
  AsOf,
  BackupResult,
  CheckpointResult,
  NativeOutcomes,
  RepairLoss,
  RepairResult,
  StoreFault,
  StoreInspection,
  TruncateResult,
  VerifyResult,
} from './maintenance.js'
export { RecoveryManager } from './recovery-manager.js'
export type { SnapshotOptions } from './database.js'
export { nativeHandle } from './handle.js'
export { KeyReader, KeyStore } from './keys.js'
export type { PutOptions } from './keys.js'
export type { NamespaceIdentity } from './namespace-identity.js'
export { Namespace } from './namespace.js'
export { native } from './native.js'
export type { DatabaseConfig, DatabaseOptions, LogEntry } from './options.js'
export { Recovery, verificationOf } from './recovery.js'
export type { ChecksumError, RecoveryReport, WalStatistics, WalVerification } from './recovery.js'
export type { BatchedScanOptions, ScanOptions } from './scan.js'
export { Snapshot } from './snapshot.js'
export type {
  CompactionStats,
  DatabaseStats,
  LatencyMetrics,
  LevelStatistics,
  PerformanceMetrics,
  StorageStats,
} from './statistics.js'
export type { TakenSnapshot } from './snapshot.js'
export type { BegunTransaction } from './transaction.js'
export { isTransaction, Transaction } from './transaction.js'
export type { Savepoint, TransactionOptions } from './transaction.js'
