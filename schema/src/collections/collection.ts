import type { z } from 'zod'
import { Declaration } from '../core/brand.js'

/** What documents a collection holds, and how they are found. */
export interface CollectionOptions {
  /** Components of every vector. */
  readonly dimension: number
  /** Default: `cosine`. */
  readonly metric?: 'cosine' | 'euclidean' | 'dotProduct'
  /** Links of a vector in the index, 2 to 64. Default: 16. */
  readonly m?: number
  /** Candidates looked at when a vector is added. Default: 100. */
  readonly efConstruction?: number
  /** Candidates looked at by a search that does not say. Default: 50. */
  readonly efSearch?: number
  /** Default: `none`. */
  readonly quantization?: 'none' | 'scalar' | 'pq' | 'binary'
  /** With quantization `pq`: into how many parts a vector is cut, 1 to `dimension`. Default: one for eight components. */
  readonly pqNumSubvectors?: number
  /** With quantization `pq`: of how many values each part is one, 2 to 256. Default: 256. */
  readonly pqNumCentroids?: number
  /** Default: true where `contentField` is given. */
  readonly enableHybridSearch?: boolean
  /** The metadata whose text keyword search reads: a field, several, or several with their weights (above 0, up to 1000000). */
  readonly contentField?: string | readonly string[] | Readonly<Record<string, number>>
  /** How text becomes words. Needs `contentField`. */
  readonly text?: CollectionText
  /** Shape of the metadata: an object schema. */
  readonly metadata: z.ZodType
  /** Fields of the metadata that searches filter by. Default: none. */
  readonly indexed?: readonly string[]
  /** The field of the metadata that says whose a document is: `$for({ tenant })` sees and writes that tenant's alone. It is indexed. */
  readonly tenant?: string
}

export interface CollectionText {
  /** `'english'`: words are searched by their stems. Default: `'none'`. */
  readonly stemming?: 'english' | 'none'
  /** Words that are not searched: true or `'english'` for those of English, or your own. Default: false. */
  readonly stopWords?: boolean | 'english' | readonly string[]
}

export interface CollectionNode {
  readonly name: string
  readonly options: CollectionOptions
}

/** A vector collection. Collections come from `collection`. */
export class CollectionDeclaration extends Declaration<CollectionNode> {
  readonly #node: CollectionNode

  constructor(node: CollectionNode) {
    super('collection')
    this.#node = Object.freeze(node)
  }

  override toNode(): CollectionNode {
    return this.#node
  }
}

/**
 * Declares a vector collection.
 *
 * @example
 * const chunks = collection('chunks', { dimension: 768, metadata: z.object({ docId: z.uuid() }), indexed: ['docId'] })
 */
export function collection(name: string, options: CollectionOptions): CollectionDeclaration {
  return new CollectionDeclaration({ name, options: Object.freeze({ ...options }) })
}
