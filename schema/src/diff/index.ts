/** From one contract to the next: what has to happen to a store, as data. */
export { applyOperation, applyOperations, OperationConflictError, sameModel } from './apply.js'
export { postChecksOf, preChecksOf, type Check } from './checks.js'
export { conflictOf } from './commute.js'
export { diffContracts, type ContractDiff } from './diff.js'
export { checkHints, HintError, type Hints, type Question } from './hints.js'
export {
  emptyModel,
  storeModel,
  UnknownContractError,
  type StoreCache,
  type StoreCheck,
  type StoreCollection,
  type StoreColumn,
  type StoreForeignKey,
  type StoreModel,
  type StoreTable,
} from './model.js'
export {
  classOf,
  describeOperation,
  isOperation,
  undoOf,
  type DeclaredSection,
  type Operation,
  type OperationClass,
} from './operations.js'
export { UnsupportedChangeError } from './steps.js'
export { contractHash } from '../contract/hash.js'
export { canonicalJson } from '../core/json.js'
