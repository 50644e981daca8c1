import type { CachePlace } from '../cache/index.js'
import type { Namespace, NamespaceInfo } from '../database/index.js'
import { brand } from '../errors/index.js'
import { defineGraphVerbs, graphReading, graphWriting } from '../graph/index.js'
import { defineAsyncCaches } from './cache.js'
import type { AsyncCacheVerbs } from './cache.js'
import { AsyncGraph, runAsync } from './graph.js'
import type { AsyncGraphPlace, AsyncGraphReading, AsyncGraphWriting } from './graph.js'
import { inner } from './keys.js'
import { AsyncRootImpl } from './root.js'
import type { AsyncRoot } from './root.js'
import { call, defineVerbs, describing, everywhere, writingEverywhere } from './verbs.js'
import type { DescribingVerb, Promised } from './verbs.js'

type Verb = DescribingVerb | (typeof everywhere)[number] | (typeof writingEverywhere)[number]

/** One namespace of a database, by promise: the same methods, on what is its own alone. */
export interface AsyncNamespace
  extends AsyncRoot, AsyncCacheVerbs, AsyncGraphReading, AsyncGraphWriting, Promised<Namespace, Verb> {
  readonly name: string
  info(): Promise<NamespaceInfo>
  /** The graph of this namespace. */
  graph(): AsyncGraph
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the verbs are defined on the prototype
export class AsyncNamespaceImpl extends AsyncRootImpl<Namespace> implements AsyncNamespace {
  static {
    brand(this, 'AsyncNamespace')
    defineVerbs(this, [...describing, ...everywhere], (self, name, args) =>
      self.enqueue(() => call(self[inner], name, args)),
    )
    defineVerbs(this, writingEverywhere, (self, name, args) => self.write(transaction => call(transaction, name, args)))
    defineGraphVerbs(this, [...graphReading, ...graphWriting], async (self, plan) => runAsync(self.#graph, plan()))
    defineAsyncCaches(this)
  }
  override readonly [inner]: Namespace

  constructor(namespace: Namespace) {
    super()
    this[inner] = namespace
  }

  get name(): string {
    return this[inner].name
  }

  /** @internal */
  get caches(): CachePlace {
    return this[inner].caches
  }

  graph(): AsyncGraph {
    return new AsyncGraph(this.#graph)
  }

  get #graph(): AsyncGraphPlace {
    return { place: () => this[inner].graph().place, enqueue: action => this.enqueue(action) }
  }

  info(): Promise<NamespaceInfo> {
    return this.enqueue(() => this[inner].info())
  }
}
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface AsyncNamespaceImpl
  extends AsyncCacheVerbs, AsyncGraphReading, AsyncGraphWriting, Promised<Namespace, Verb> {}
