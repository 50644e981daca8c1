/**
 * What the other packages of this project may use beyond the public API. It changes without notice.
 */
export { errorFromNative } from '../errors/index.js'
export { DEFAULT_NAMESPACE_ID, isTransaction, native, nativeHandle } from '../engine/index.js'
