import type { z } from 'zod'
import { Declaration } from '../core/brand.js'

/** What the keys and values of a key space are, and how long they stay. */
export interface KvOptions {
  /** A schema of strings. */
  readonly key: z.ZodType
  readonly value: z.ZodType
  /** Life of an entry; 0 or absent: no end. */
  readonly ttlSeconds?: number
}

export interface KvNode {
  readonly name: string
  readonly options: KvOptions
}

/** A key space. Comes from `kv`. */
export class KvDeclaration extends Declaration<KvNode> {
  readonly #node: KvNode

  constructor(node: KvNode) {
    super('kv')
    this.#node = Object.freeze(node)
  }

  override toNode(): KvNode {
    return this.#node
  }
}

/** @example kv('sessions', { key: z.string(), value: z.object({ userId: z.uuid() }), ttlSeconds: 3600 }) */
export function kv(name: string, options: KvOptions): KvDeclaration {
  return new KvDeclaration({ name, options: Object.freeze({ ...options }) })
}
