/** Writing documents. */
import { pack } from '../bytes/packer.js'
import { Snapshot } from '../engine/index.js'
import { ValidationError } from '../errors/index.js'
import type { CollectionAccess } from './access.js'
import { aggregateNumber, checkTexts, toVectors } from './chunks.js'
import { checkBatch, checkId, checkMembers, packDocuments, vectorsOf } from './documents.js'
import type { ChunkedDocument, DocumentBatch, DocumentChange } from './documents.js'
import { encodeMetadata } from './metadata.js'
import type { Metadata } from './metadata.js'
import { search as native } from './native.js'
import { toVector } from './vectors.js'

export const MAX_IDS_BYTES = 256 * 1024 * 1024
/** Documents that are written in one call of the addon, and the values of their vectors. */
const MAX_CHUNK = 1024
const MAX_CHUNK_FLOATS = 1024 * 1024

/** A batch that has been looked at, in parts of one call of the addon each. */
function prepareBatch(access: CollectionAccess, batch: DocumentBatch) {
  const { entry } = access
  const checked = checkBatch(batch, entry)
  const total = checked.ids.length
  const chunk = Math.max(1, Math.min(MAX_CHUNK, Math.floor(MAX_CHUNK_FLOATS / entry.dimension)))
  const putChunk = (part: CollectionAccess, from: number): number => {
    const to = Math.min(total, from + chunk)
    const vectors = vectorsOf(checked, entry, from, to)
    const { target } = part
    pack(
      target instanceof Snapshot ? MAX_IDS_BYTES : target.maxBatchBytes,
      packer => packDocuments(packer, checked, from, to),
      documents => part.write((through, handle) => native.vectorPutMany(through, handle, documents, vectors, from)),
    )
    return to
  }
  return { total, isOne: total <= chunk && checked.onProgress === undefined, putChunk, onProgress: checked.onProgress }
}

export function insertDocuments(access: CollectionAccess, batch: DocumentBatch): number {
  const { total, isOne, putChunk, onProgress } = prepareBatch(access, batch)
  if (isOne) {
    putChunk(access, 0)
    return total
  }
  access.atomically(part => {
    for (let done = 0; done < total;) {
      done = putChunk(part, done)
      onProgress?.(done, total)
    }
  })
  return total
}

/**
 * The same in turns of the event loop. `proceed` is called before each part that follows another; what it throws undoes all of
 * them. The batch must stay as it is meanwhile.
 */
export async function insertDocumentsBy(
  access: CollectionAccess,
  batch: DocumentBatch,
  proceed: () => void,
): Promise<number> {
  const { total, isOne, putChunk, onProgress } = prepareBatch(access, batch)
  if (isOne) {
    putChunk(access, 0)
    return total
  }
  await access.atomicallyBy(async part => {
    for (let done = 0; done < total;) {
      done = putChunk(part, done)
      onProgress?.(done, total)
      if (done === total) return
      await new Promise(resolve => setImmediate(resolve))
      proceed()
    }
  })
  return total
}

export function insertChunks(access: CollectionAccess, document: ChunkedDocument): void {
  checkMembers(document, 'chunked')
  const id = checkId(document.id, 'id')
  const vectors = toVectors(document.vectors, access.entry)
  const metadata = encodeMetadata(document.metadata, id)
  const { chunkTexts, aggregate } = document
  const count = vectors.length / access.entry.dimension
  const texts = chunkTexts === undefined ? undefined : checkTexts(chunkTexts, count)
  const number = aggregate === undefined ? 0 : aggregateNumber(aggregate, 'insertMulti')
  putChunks(access, id, vectors, metadata, texts, number)
}

function putChunks(
  access: CollectionAccess,
  id: string,
  vectors: Float32Array,
  metadata: string,
  texts: readonly string[] | undefined,
  aggregate: number,
): void {
  const json = texts === undefined ? undefined : JSON.stringify(texts)
  access.write((through, handle) => native.vectorPutChunks(through, handle, id, vectors, metadata, json, aggregate))
}

/** False: there is no such document. */
export function changeDocument(access: CollectionAccess, id: string, change: DocumentChange): boolean {
  checkId(id, 'id')
  checkMembers(change, 'change')
  const { metadata: newMetadata, aggregate } = change
  const { entry } = access
  if (change.vector !== undefined && change.vectors !== undefined) {
    throw new ValidationError('update takes vector or vectors, not both.', { details: { option: 'vectors' } })
  }
  const one = change.vector === undefined ? undefined : toVector(change.vector, entry, 'vector')
  const given = one ?? (change.vectors === undefined ? undefined : toVectors(change.vectors, entry))
  const number = aggregate === undefined ? undefined : aggregateNumber(aggregate, 'update')
  const patch = newMetadata === undefined ? {} : (JSON.parse(encodeMetadata(newMetadata, id)) as Metadata)
  return access.atomically(part => {
    const documents = part.get(id)
    if (documents.id(0) === '') return false
    const merged = JSON.stringify({ ...(JSON.parse(documents.metadataText(0)) as Metadata), ...patch })
    const stored = documents.chunks(0)
    const vectors = given ?? stored?.vectors ?? documents.vector(0)!
    const count = vectors.length / entry.dimension
    const kept = given === undefined ? stored?.texts : undefined
    const texts = change.chunkTexts === undefined ? kept : checkTexts(change.chunkTexts, count)
    putChunks(part, id, vectors, merged, texts, number ?? stored?.aggregate ?? 0)
    return true
  })
}
