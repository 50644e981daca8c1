import { brand } from '../errors/index.js'
import type { Metadata } from '../search/index.js'
import type { Entry } from './layout.js'

/** What a look-up found. Its own members are those of the specification; the rest is read where it is needed. */
export class CacheHit<Value = unknown> {
  static {
    brand(this, 'CacheHit')
  }
  /** The text that was stored. */
  readonly key: string
  readonly value: Value
  /** Cosine similarity; 1 where the key is the same. */
  readonly score: number
  readonly metadata: Metadata
  readonly #entry: Entry
  readonly #place: HitPlace
  readonly #stale: boolean

  /** @internal */
  constructor(entry: Entry, score: number, stale: boolean, place: HitPlace) {
    this.key = entry.said ?? entry.key
    this.value = entry.value as Value
    this.score = score
    this.metadata = entry.metadata ?? {}
    this.#entry = entry
    this.#place = place
    this.#stale = stale
  }

  /** `exact`: of the same key. */
  get kind(): 'exact' | 'semantic' {
    return this.#place.kind
  }

  /** It has expired, and is still given (`staleSeconds`). */
  get stale(): boolean {
    return this.#stale
  }

  /** The tags it was put with. */
  get tags(): readonly string[] {
    return this.#entry.tags ?? []
  }

  /** When it was put. */
  get createdAt(): Date {
    return new Date(this.#entry.created)
  }

  /** When it expires; `undefined`: never. */
  get expiresAt(): Date | undefined {
    return this.#entry.expires === undefined ? undefined : new Date(this.#entry.expires)
  }

  /** For `feedback`. */
  get hitId(): string {
    const { content, part, id, kind } = this.#place
    const said = JSON.stringify([content, part, id, this.#entry.version, kind === 'exact' ? 1 : 0, this.score])
    return Buffer.from(said).toString('base64url')
  }
}

/** Where the entry of a hit lies. @internal */
export interface HitPlace {
  readonly content: string
  readonly part: string
  readonly id: string
  readonly kind: 'exact' | 'semantic'
}

/** What a `hitId` says; undefined: it is none. */
export function readHitId(
  hitId: string,
): (HitPlace & { readonly version: string; readonly score: number }) | undefined {
  try {
    const said = JSON.parse(Buffer.from(hitId, 'base64url').toString()) as unknown[]
    const [content, part, id, version, exact, score] = said
    if ([content, part, id, version].some(member => typeof member !== 'string')) return undefined
    if (typeof score !== 'number' || (exact !== 0 && exact !== 1)) return undefined
    const texts = { content, part, id, version } as Record<'content' | 'part' | 'id' | 'version', string>
    return { ...texts, score, kind: exact === 1 ? 'exact' : 'semantic' }
  } catch {
    return undefined
  }
}
