export * from './errors/errors.js'
export { ErrorCode } from './errors/error-code.js'
export type { Bytes } from './bytes/bytes.js'
export { AsyncDatabase, AsyncKeyQuery, AsyncPreparedSql, AsyncRecovery } from './async/index.js'
export { CompareOp, KeyQuery } from './sql/keys/index.js'
export type { FieldValue, KeyQueryRow } from './sql/keys/index.js'
export { PreparedSql, SqlResult, SqlResult as SQLQueryResult } from './sql/text/index.js'
export type {
  ColumnSchema,
  Dialect,
  ExecuteOptions,
  IndexSchema,
  SqlParameters,
  TableSchema,
} from './sql/text/index.js'
export type {
  AsyncCollection,
  AsyncKeyReader,
  AsyncKeyStore,
  AsyncNamespace,
  AsyncPutOptions,
  AsyncRoot,
  AsyncSavepoint,
  AsyncScanOptions,
  AsyncSnapshot,
  AsyncTransaction,
  AsyncTransactionOptions,
  BatchOptions,
  Change,
  CollectionPromise,
  LongOptions,
  OperationOptions,
  WatchOptions,
} from './async/index.js'
export { Database, Namespace, openWithRecovery, Snapshot, Transaction } from './database/index.js'
export type {
  CopyRequest,
  DeleteNamespaceOptions,
  NamespaceChange,
  NamespaceConfig,
  NamespaceInfo,
  NamespaceOptions,
} from './database/index.js'
export { CompressionType, IsolationLevel, LogLevel, Recovery, RecoveryManager, SyncMode } from './engine/index.js'
export type {
  AsOf,
  BackupResult,
  BatchedScanOptions,
  CheckpointResult,
  ChecksumError,
  CompactionStats,
  DatabaseConfig,
  DatabaseOptions,
  DatabaseStats,
  IndexPolicy,
  LatencyMetrics,
  LevelStatistics,
  LogEntry,
  PerformanceMetrics,
  PutOptions,
  RecoveryReport,
  RepairLoss,
  RepairResult,
  Savepoint,
  ScanOptions,
  SnapshotOptions,
  StorageStats,
  StoreFault,
  StoreInspection,
  TransactionOptions,
  TruncateResult,
  VerifyResult,
  WalStatistics,
  WalVerification,
} from './engine/index.js'
export { Collection, DistanceMetric, QuantizationType, SearchResults } from './search/index.js'
export type {
  CollectionConfig,
  CollectionInfo,
  DocumentBatch,
  DocumentChange,
  FieldFilter,
  FilterValue,
  ListedDocument,
  ListOptions,
  Metadata,
  MetadataFilter,
  NewDocument,
  OptimizeOptions,
  SearchHit,
  SearchRequest,
  StoredDocument,
  VectorInput,
} from './search/index.js'
