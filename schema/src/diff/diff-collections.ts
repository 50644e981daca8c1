/** Collections and caches. */
import { canonicalJson } from '../core/json.js'
import { UnsupportedChangeError, type Steps } from './steps.js'
import type { StoreCollection, StoreModel } from './model.js'

export function diffCollections(steps: Steps, target: StoreModel): void {
  const before = Object.values(steps.model.collections)
  const free = Object.values(target.collections).filter(({ name }) => steps.model.collections[name] === undefined)
  const pairs = new Map<string, StoreCollection>()
  for (const old of before) {
    const after = target.collections[old.name] ?? renamed(steps, old, free)
    // Vectors of another length are other vectors.
    if (after?.dimension === old.dimension) pairs.set(old.name, after)
  }
  for (const old of before) if (!pairs.has(old.name)) steps.push({ kind: 'dropCollection', collection: old })
  for (const [from, { name: to }] of pairs) if (from !== to) steps.push({ kind: 'renameCollection', from, to })
  for (const after of Object.values(target.collections)) {
    const held = steps.model.collections[after.name]
    if (held === undefined) steps.push({ kind: 'createCollection', collection: after })
    else if (canonicalJson(held) !== canonicalJson(after)) steps.push({ kind: 'changeCollection', before: held, after })
  }
}

function renamed(steps: Steps, old: StoreCollection, free: readonly StoreCollection[]): StoreCollection | undefined {
  const hint = steps.renameOf('collections', old.name)
  if (hint === null) return undefined
  const alike = free.filter(({ dimension }) => dimension === old.dimension)
  if (hint === undefined) {
    const candidates = alike.map(({ name }) => name)
    if (candidates.length > 0) steps.questions.push({ kind: 'rename', of: 'collection', name: old.name, candidates })
    return undefined
  }
  const found = alike.find(({ name }) => name === hint)
  if (found !== undefined) return found
  throw new UnsupportedChangeError(
    `The hints rename collection "${old.name}" to "${hint}", and no new collection of ${old.dimension} dimensions has that name.`,
  )
}

export function diffCaches(steps: Steps, target: StoreModel): void {
  for (const cache of Object.values(steps.model.caches)) {
    if (target.caches[cache.name]?.dimension !== cache.dimension) steps.push({ kind: 'dropCache', cache })
  }
  for (const cache of Object.values(target.caches)) {
    if (steps.model.caches[cache.name] === undefined) steps.push({ kind: 'createCache', cache })
  }
}
