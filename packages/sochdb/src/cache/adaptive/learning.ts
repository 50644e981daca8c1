/** Feedback on the entries of a cache: what it says about the next look-up. The store has it; this is what is in memory of it. */
import type { Namespace, Transaction } from '../../engine/index.js'
import { keys } from '../layout.js'
import { errorAt, evenPrior, improvePrior, Likelihood } from './posterior.js'
import type { Grid } from './posterior.js'

/** A similarity, and whether the answer was right: 1 or 0. */
export type Observation = readonly [similarity: number, isRight: 0 | 1]

/** What the store keeps of an entry. */
interface Stored {
  readonly version: string
  readonly seen: Observation[]
}

interface Learned {
  readonly version: string
  readonly likelihood: Likelihood
  /** Under the prior of that time. */
  posterior: Grid | undefined
  /** Hits in a row that nothing was heard of. */
  hits: number
}

const MAX_SEEN = 100
const MAX_ENTRIES = 2000
const MOST_FOR_PRIOR = 500
const REFRESH = 100
/** The share of the allowed rate that a look-up's own probability may take: the rest is for what the curve does not say. */
const CAUTION = 2 / 3
/** Every so many hits of an entry that nothing was heard of, one is a miss, so that something is. */
const AUDIT = 50

export class Learning {
  #content: string | undefined
  #entries = new Map<string, Learned>()
  #prior = evenPrior()
  #added = 0

  constructor(readonly newest: Namespace) {}

  /** Whether a look-up that is so near to an entry may be a hit. */
  allows(content: string, place: string, version: string, similarity: number, maxErrorRate: number): boolean {
    const learned = this.#learned(content, place, version)
    learned.posterior ??= learned.likelihood.posterior(this.#prior)
    if (errorAt(learned.posterior, similarity) > CAUTION * maxErrorRate) return false
    if (++learned.hits < AUDIT) return true
    learned.hits = 0
    return false
  }

  add(content: string, place: string, version: string, [similarity, isRight]: Observation): void {
    const learned = this.#learned(content, place, version)
    learned.likelihood.add(similarity, isRight === 1)
    learned.posterior = undefined
    learned.hits = 0
    if (++this.#added % REFRESH === 0) this.#refresh()
  }

  /** Adds to what the store keeps of an entry. */
  append(transaction: Transaction, key: string, version: string, seen: readonly Observation[]): void {
    const text = transaction.getString(key)
    const stored = text === undefined ? undefined : (JSON.parse(text) as Stored)
    const before = stored?.version === version ? stored.seen : []
    transaction.put(key, JSON.stringify({ version, seen: [...before, ...seen].slice(-MAX_SEEN) }))
  }

  #learned(content: string, place: string, version: string): Learned {
    if (this.#content !== content) this.#load(content)
    const held = this.#entries.get(place)
    if (held?.version === version) return held
    const text = this.newest.getString(keys.feedback(content, place))
    return this.#keep(place, version, text === undefined ? undefined : (JSON.parse(text) as Stored))
  }

  #keep(place: string, version: string, stored: Stored | undefined): Learned {
    const likelihood = new Likelihood()
    if (stored?.version === version) for (const [s, isRight] of stored.seen) likelihood.add(s, isRight === 1)
    const learned = { version, likelihood, posterior: undefined, hits: 0 }
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(place, learned)
    return learned
  }

  #load(content: string): void {
    this.#content = content
    this.#entries = new Map()
    this.#prior = evenPrior()
    const prefix = keys.feedback(content, '')
    for (const [key, value] of this.newest.scanPrefix(prefix, { limit: MAX_ENTRIES })) {
      const stored = JSON.parse(value.toString()) as Stored
      this.#keep(key.toString().slice(prefix.length), stored.version, stored)
    }
    this.#refresh()
    this.#refresh()
  }

  #refresh(): void {
    const known = [...this.#entries.values()].filter(({ likelihood }) => likelihood.seen > 0).slice(-MOST_FOR_PRIOR)
    if (known.length === 0) return
    this.#prior = improvePrior(
      this.#prior,
      known.map(({ likelihood }) => likelihood),
    )
    for (const learned of this.#entries.values()) learned.posterior = undefined
  }
}
