/** Writing a memory into keys, collections and the graph, all at once or not at all. */
import { checkOptions } from '../engine/check.js'
import type { Check } from '../engine/check.js'
import { describe } from '../bytes/bytes.js'
import type { AsyncDatabase } from '../async/index.js'
import { writeBy } from '../async/index.js'
import type { Database, Namespace, Transaction } from '../database/index.js'
import { servicesOf } from '../database/index.js'
import { ValidationError } from '../errors/index.js'
import { uuid7 } from '../sql/values.js'
import type { MemoryOp, MemoryOpKind } from './ops.js'

/** What a memory that was written is known by: it is committed, whole. */
export interface MemoryResult {
  /** A UUID of version 7: unique, and in the order of time. */
  readonly intentId: string
  readonly opsApplied: number
  readonly status: 'committed'
}

/** What is remembered of a write that was committed. */
export interface MemoryIntent extends MemoryResult {
  readonly memoryId: string
  /** ISO-8601, in UTC. */
  readonly committedAt: string
}

/** Records of intents are kept this long: 90 days. */
const KEPT_SECONDS = 90 * 86_400
const MAX_OPS = 100_000
const recordKey = (intentId: string): string => `intents/${intentId}`

const some: Check = value => (value === undefined ? 'a value' : undefined)
const text: Check = value => (typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty')
const any: Check = () => undefined

const edge = { namespace: text, fromId: text, edgeType: text, toId: text }
const checks: Readonly<Record<MemoryOpKind, Readonly<Record<string, Check>>>> = {
  putBlob: { key: some, value: some, ttlSeconds: any },
  putEmbedding: { collection: text, id: text, embedding: some, metadata: any },
  putMetadata: { collection: text, id: text, metadata: some },
  createNode: { namespace: text, nodeId: text, nodeType: text, properties: any },
  createEdge: { ...edge, properties: any, validFrom: any, validUntil: any },
  deleteBlob: { key: some },
  deleteEmbedding: { collection: text, id: text },
  deleteNode: { namespace: text, nodeId: text },
  deleteEdge: edge,
}
const optional = new Set(['namespace', 'ttlSeconds', 'properties', 'validFrom', 'validUntil'])

function checkOp(op: unknown, place: string): MemoryOp {
  const kind = (op as { kind?: unknown } | null | undefined)?.kind
  if (typeof kind !== 'string' || !Object.hasOwn(checks, kind)) {
    throw new ValidationError(`${place} is no operation of a memory; it is ${describe(op)}.`, {
      details: { argument: place },
      remediation: `Make it with one of these: ${Object.keys(checks)
        .map(name => `MemoryOp.${name}`)
        .join(', ')}.`,
    })
  }
  const wanted = checks[kind as MemoryOpKind]
  const { kind: _, ...members } = op as MemoryOp
  const checked = checkOptions(members, wanted, place)
  for (const name of Object.keys(wanted)) {
    if (checked[name] !== undefined || optional.has(name) || (name === 'metadata' && kind === 'putEmbedding')) continue
    throw new ValidationError(`${place}, a ${kind}, has no ${name}.`, { details: { argument: `${place}.${name}` } })
  }
  return { kind, ...checked } as MemoryOp
}

function checkWrite(memoryId: unknown, ops: unknown): MemoryOp[] {
  if (typeof memoryId !== 'string' || memoryId === '') {
    throw new ValidationError(`memoryId must be a string that is not empty; this one is ${describe(memoryId)}.`, {
      details: { argument: 'memoryId' },
    })
  }
  if (!Array.isArray(ops) || ops.length > MAX_OPS) {
    throw new ValidationError(`ops must be an array of at most ${MAX_OPS} operations; this is ${describe(ops)}.`, {
      details: { argument: 'ops' },
    })
  }
  return ops.map((op, i) => checkOp(op, `ops[${i}]`))
}

function apply(transaction: Transaction, op: MemoryOp): void {
  switch (op.kind) {
    case 'putBlob':
      transaction.put(op.key, op.value, op.ttlSeconds === undefined ? undefined : { ttlSeconds: op.ttlSeconds })
      return
    case 'deleteBlob':
      transaction.delete(op.key)
      return
    case 'putEmbedding': {
      const { collection, id, embedding: vector, metadata } = op
      transaction.collection(collection).upsert({ id, vector, ...(metadata === undefined ? {} : { metadata }) })
      return
    }
    case 'putMetadata':
      if (transaction.collection(op.collection).update(op.id, { metadata: op.metadata })) return
      throw new ValidationError(`There is no document "${op.id}" in collection "${op.collection}" to change.`, {
        details: { collection: op.collection, id: op.id },
        remediation: 'Put it with MemoryOp.putEmbedding first.',
      })
    case 'deleteEmbedding':
      transaction.collection(op.collection).delete(op.id)
      return
    case 'createNode':
      transaction.graph(op.namespace).addNode(op.nodeId, op.nodeType, op.properties)
      return
    case 'createEdge': {
      const { kind: _, namespace, ...given } = op
      transaction.graph(namespace).addEdges([given])
      return
    }
    case 'deleteNode':
      transaction.graph(op.namespace).deleteNode(op.nodeId)
      return
    case 'deleteEdge':
      transaction.graph(op.namespace).deleteEdge(op.fromId, op.edgeType, op.toId)
  }
}

/** Applies the operations and records that they were, as parts of one transaction. */
function run(transaction: Transaction, memoryId: string, ops: readonly MemoryOp[]): MemoryResult {
  for (const op of ops) apply(transaction, op)
  const services = servicesOf(transaction)
  const intentId = uuid7()
  const result: MemoryResult = { intentId, opsApplied: ops.length, status: 'committed' }
  const record: MemoryIntent = { ...result, memoryId, committedAt: new Date().toISOString() }
  services.put(recordKey(intentId), JSON.stringify(record), { ttlSeconds: KEPT_SECONDS })
  return result
}

const read = (record: string | undefined): MemoryIntent | undefined =>
  record === undefined ? undefined : (JSON.parse(record) as MemoryIntent)

const keyOf = (intentId: unknown): string => {
  if (typeof intentId === 'string' && intentId.length <= 100) return recordKey(intentId)
  throw new ValidationError(`intentId must be what writeAtomic gave; this one is ${describe(intentId)}.`, {
    details: { argument: 'intentId' },
  })
}

/**
 * Writes memories: a blob, its embedding, its nodes and edges, in one transaction. Either all of it is visible, to every reader and
 * in every index, or nothing is, whatever crashes.
 *
 * @example
 * const writer = new AtomicMemoryWriter(db)
 * const { intentId } = writer.writeAtomic('memory_123', [
 *   MemoryOp.putBlob({ key: 'memories/memory_123', value: 'Meeting notes' }),
 *   MemoryOp.createNode({ nodeId: 'memory_123', nodeType: 'memory' }),
 * ])
 */
export class AtomicMemoryWriter {
  readonly #database: Database | Namespace

  /** Keys, collections and, where an operation names no other namespace, the graph are those of what it is made for. */
  constructor(database: Database | Namespace) {
    this.#database = database
  }

  /**
   * @throws whatever an operation throws: nothing of the memory is written then
   */
  writeAtomic(memoryId: string, ops: readonly MemoryOp[]): MemoryResult {
    const checked = checkWrite(memoryId, ops)
    return this.#database.transaction(transaction => run(transaction, memoryId, checked))
  }

  /** What was committed under an id, for 90 days; undefined: nothing was. */
  status(intentId: string): MemoryIntent | undefined {
    return read(servicesOf(this.#database).getString(keyOf(intentId)))
  }
}

/** The same by promise: commits of several writers share a sync, and a conflict is tried again. */
export class AsyncAtomicMemoryWriter {
  readonly #database: AsyncDatabase

  constructor(database: AsyncDatabase) {
    this.#database = database
  }

  async writeAtomic(memoryId: string, ops: readonly MemoryOp[]): Promise<MemoryResult> {
    const checked = checkWrite(memoryId, ops)
    return writeBy(this.#database, transaction => run(transaction, memoryId, checked))
  }

  async status(intentId: string): Promise<MemoryIntent | undefined> {
    return Promise.resolve(read(servicesOf(this.#database.database).getString(keyOf(intentId))))
  }
}
