import type { z } from 'zod'
import { Declaration } from '../core/brand.js'

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
  /** Default: true where `contentField` is given. */
  readonly enableHybridSearch?: boolean
  /** The metadata whose text keyword search reads. */
  readonly contentField?: string | readonly string[]
  /** Shape of the metadata: an object schema. */
  readonly metadata: z.ZodType
  /** Fields of the metadata that searches filter by. Default: none. */
  readonly indexed?: readonly string[]
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
