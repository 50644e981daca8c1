export * from './errors/errors.js'
export { ErrorCode } from './errors/error-code.js'
export type { Bytes } from './bytes/bytes.js'
export { AsyncDatabase, AsyncRecovery } from './async/index.js'
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
export { CompressionType, IsolationLevel, LogLevel, Recovery, SyncMode } from './engine/index.js'
export type {
  BatchedScanOptions,
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
