export { Database, openWithRecovery } from './database.js'
export { Snapshot } from './snapshot.js'
export { Transaction } from './transaction.js'
export { Namespace } from './namespace.js'
export type {
  CopyRequest,
  DeleteNamespaceOptions,
  NamespaceChange,
  NamespaceConfig,
  NamespaceOptions,
} from './namespace-options.js'
export type { NamespaceInfo } from './namespaces.js'
export { servicesOf } from './services.js'
