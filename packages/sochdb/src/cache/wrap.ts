/** `wrap`: the value of a cache, or of a function, whose result it is from then on. */
import { checkOptions, callable } from '../engine/check.js'
import { ValidationError } from '../errors/index.js'
import { checkPut, toEmbedding } from './check.js'
import type { CheckedPut } from './check.js'
import { shareCall } from './flight.js'
import type { CacheHit } from './hit.js'
import { runElsewhere } from './lookup.js'
import type { Elsewhere, Steps } from './lookup.js'
import { keyText, scopeText } from './scope.js'
import type { CacheCandidate, CacheEntryInput } from './types.js'
import type { VectorInput } from '../search/index.js'

/** What is looked for, and with what it is stored where it is not found. */
export interface WrapRequest extends Omit<CacheEntryInput, 'value' | 'embedding'> {
  /** Default: what the handle's `embed` gives for the key. */
  readonly embedding?: VectorInput
  readonly threshold?: number
  /** Stops this caller's waiting; others who ask the same go on. */
  readonly signal?: AbortSignal
}

/** What makes the value. `signal` tells it that nobody waits any more. */
export type WrapFunction<Value> = (context: { readonly signal: AbortSignal }) => Value | PromiseLike<Value>

/** What a handle knows that the store does not. */
export interface CacheFunctions {
  /** The embedding of a text, for `wrap` and for look-ups by promise that have a key alone. */
  readonly embed?: (text: string) => VectorInput | PromiseLike<VectorInput>
  /** Has the last word on a candidate. By promise only where the caller waits by promise. */
  readonly verify?: (query: string | undefined, candidate: CacheCandidate) => boolean | PromiseLike<boolean>
  /** Whether a fresh value says what a candidate said: in `wrap`, feedback to learn from. */
  readonly isSame?: (cached: unknown, fresh: unknown) => boolean | PromiseLike<boolean>
  /** Hears of a refresh in the background that failed; what was stale stays. */
  readonly onRefreshError?: (error: unknown) => void
}

/** What `wrap` does to a cache. */
export interface WrapHost {
  readonly name: string
  readonly functions: CacheFunctions
  /** Of the cache, in all the process. */
  readonly flights: Map<string, unknown>
  readonly flightName: string
  lookUp(query: {
    key: string
    scope: string
    embedding: Float32Array | undefined
    threshold: number | undefined
  }): Steps
  search: Elsewhere['search']
  put(checked: CheckedPut): void | Promise<void>
  feedback(hitId: string, ok: boolean): unknown
}

const wrapChecks = Object.fromEntries(
  ['key', 'embedding', 'ttlSeconds', 'staleSeconds', 'metadata', 'scope', 'tags', 'tokens', 'cost', 'threshold'].map(
    name => [name, () => undefined],
  ),
)
const isSignal = (value: unknown): string | undefined => (value instanceof AbortSignal ? undefined : 'an AbortSignal')
const isSimilarity = (value: unknown): string | undefined =>
  typeof value === 'number' && value >= -1 && value <= 1 ? undefined : 'a cosine similarity from -1 to 1'

export async function wrap<Value>(
  host: WrapHost,
  given: string | WrapRequest,
  fn: WrapFunction<Value>,
): Promise<Value> {
  const request: WrapRequest = typeof given === 'string' ? { key: given } : given
  const checks = { ...wrapChecks, threshold: isSimilarity, signal: isSignal }
  const {
    signal,
    threshold,
    embedding: vector,
    ...entry
  } = checkOptions(request ?? null, checks, 'wrap') as unknown as WrapRequest
  if (callable(fn) !== undefined) throw new ValidationError('wrap takes a function.', { details: { argument: 'fn' } })
  const { embed } = host.functions
  if (vector === undefined && embed === undefined) {
    throw new ValidationError('wrap needs an embedding, or a handle that embeds.', {
      details: { argument: 'embedding' },
      remediation: `Give it, or open the handle with a function: cache('${host.name}', { embed }).`,
    })
  }
  const embedding = vector === undefined ? undefined : toEmbedding(vector, 'embedding')
  // What could not be stored is refused before it is made.
  checkPut({ ...entry, value: null, embedding: embedding ?? [0] }, host.name, 'wrap')
  const query = { key: keyText(entry.key), scope: scopeText(entry.scope, host.name), embedding, threshold }
  const flight = JSON.stringify([host.flightName, query.scope, query.key])
  signal?.throwIfAborted()
  const call = new WrappedCall(host, entry, query, fn)
  return shareCall(host.flights, flight, shared => call.run(shared, flight), signal)
}

class WrappedCall<Value> {
  #embedding: Float32Array | undefined

  constructor(
    private readonly host: WrapHost,
    private readonly entry: Omit<WrapRequest, 'embedding' | 'threshold' | 'signal'>,
    private readonly query: Parameters<WrapHost['lookUp']>[0],
    private readonly fn: WrapFunction<Value>,
  ) {
    this.#embedding = query.embedding
  }

  async run(signal: AbortSignal, flight: string): Promise<Value> {
    const { host } = this
    const { hit, candidate } = await runElsewhere(host.lookUp(this.query), {
      search: step => host.search(step),
      verify: (query, one) => host.functions.verify?.(query, one) ?? true,
      embed: key => this.#embed(key),
    })
    if (hit === undefined) return this.#make(signal, candidate)
    if (hit.stale) this.#refresh(`${flight} refresh`)
    return hit.value as Value
  }

  /** Makes a new value of what is stale, once however many ask, while they have the old one. */
  #refresh(flight: string): void {
    const { host } = this
    if (host.flights.has(flight)) return
    shareCall(host.flights, flight, signal => this.#make(signal, undefined), undefined).catch((error: unknown) =>
      host.functions.onRefreshError?.(error),
    )
  }

  async #make(signal: AbortSignal, candidate: CacheHit | undefined): Promise<Value> {
    const { host } = this
    const embedding = this.#embedding ?? (await this.#embed(this.query.key))
    const value = await this.fn({ signal })
    signal.throwIfAborted()
    await host.put(checkPut({ ...this.entry, value, embedding }, host.name, 'wrap'))
    const { isSame } = host.functions
    if (candidate !== undefined && isSame !== undefined) {
      await host.feedback(candidate.hitId, await isSame(candidate.value, value))
    }
    return value
  }

  async #embed(key: string): Promise<Float32Array> {
    this.#embedding ??= toEmbedding(await this.host.functions.embed!(key), 'what embed gave')
    return this.#embedding
  }
}
