/** The snapshot that applications use: the engine's, with the verbs of every layer above it that read. */
import { Snapshot as EngineSnapshot } from '../engine/index.js'
import { brand } from '../errors/index.js'
import { listCollections, openCollection } from '../search/index.js'
import type { Collection } from '../search/index.js'

/**
 * The database as it was at one moment: later writes do not show. Close it when you are done: while it is open, the versions
 * it sees are kept.
 *
 * @example
 * using snapshot = db.snapshot()
 * const [a, b] = snapshot.getBatch(['a', 'b'])
 */
export class Snapshot extends EngineSnapshot {
  static {
    brand(this, 'Snapshot')
  }

  /** @throws CollectionNotFoundError when the snapshot sees none of this name */
  collection(name: string): Collection {
    return openCollection(this, name)
  }

  /** The names of all collections, in order. */
  listCollections(): string[] {
    return listCollections(this)
  }
}
