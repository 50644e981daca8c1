/** What a memory is made of: operations on keys, documents and the graph, as values. */
import type { Bytes } from '../bytes/bytes.js'
import type { GraphProperties, Moment } from '../graph/index.js'
import type { Metadata, VectorInput } from '../search/index.js'

interface Ops {
  /** Puts a key. */
  readonly putBlob: { readonly key: Bytes; readonly value: Bytes; readonly ttlSeconds?: number }
  /** Inserts a document into a collection, or replaces the one of this id. Its texts are found by words where the collection says so. */
  readonly putEmbedding: {
    readonly collection: string
    readonly id: string
    readonly embedding: VectorInput
    readonly metadata?: Metadata
  }
  /** Changes the metadata of a document: its texts among them. It must be there, or be put before. */
  readonly putMetadata: { readonly collection: string; readonly id: string; readonly metadata: Metadata }
  readonly createNode: {
    readonly namespace?: string
    readonly nodeId: string
    readonly nodeType: string
    readonly properties?: GraphProperties
  }
  /** With `validFrom` a temporal edge. */
  readonly createEdge: {
    readonly namespace?: string
    readonly fromId: string
    readonly edgeType: string
    readonly toId: string
    readonly properties?: GraphProperties
    readonly validFrom?: Moment
    readonly validUntil?: Moment
  }
  readonly deleteBlob: { readonly key: Bytes }
  readonly deleteEmbedding: { readonly collection: string; readonly id: string }
  /** With its edges. */
  readonly deleteNode: { readonly namespace?: string; readonly nodeId: string }
  readonly deleteEdge: {
    readonly namespace?: string
    readonly fromId: string
    readonly edgeType: string
    readonly toId: string
  }
}

/** The names of the operations that a memory is written by, as the functions of `MemoryOp` are called. */
export type MemoryOpKind = keyof Ops

/** One operation of `AtomicMemoryWriter.writeAtomic`; made by the functions of `MemoryOp`. */
export type MemoryOp = { readonly [Kind in MemoryOpKind]: { readonly kind: Kind } & Ops[Kind] }[MemoryOpKind]

const builder =
  <Kind extends MemoryOpKind>(kind: Kind) =>
  (op: Ops[Kind]): MemoryOp =>
    Object.freeze({ ...op, kind }) as unknown as MemoryOp

/**
 * Makes operations of a memory.
 *
 * @example
 * MemoryOp.putBlob({ key: 'memories/1', value: 'Meeting notes' })
 */
export const MemoryOp = Object.freeze({
  putBlob: builder('putBlob'),
  putEmbedding: builder('putEmbedding'),
  putMetadata: builder('putMetadata'),
  createNode: builder('createNode'),
  createEdge: builder('createEdge'),
  deleteBlob: builder('deleteBlob'),
  deleteEmbedding: builder('deleteEmbedding'),
  deleteNode: builder('deleteNode'),
  deleteEdge: builder('deleteEdge'),
})
