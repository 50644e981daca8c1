export { MemoryOp } from './ops.js'
export type { MemoryOpKind } from './ops.js'
export { AsyncAtomicMemoryWriter, AtomicMemoryWriter } from './writer.js'
export type { MemoryIntent, MemoryResult } from './writer.js'
