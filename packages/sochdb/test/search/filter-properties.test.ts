/**
 * Filters over random metadata against an evaluator that is as plain as can be: in counts, lists and searches, of fields that
 * are declared, not declared, and some of both, while documents come, change and go.
 */
import { Database, TransactionConflictError } from 'sochdb'
import type { Snapshot, Transaction } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { createCollection, openCollection } from '../../src/search/index.js'
import type { Collection, Metadata, MetadataFilter } from '../../src/search/index.js'
import { temporaryDirectory } from '../support/temporary.js'
import { Chooser, passes, paths } from './support/filters.js'
import { idsOf, randomNumbers } from './support/vectors.js'

const folder = temporaryDirectory()
const kinds: Record<string, string[]> = {
  declared: paths,
  partly: ['n', 'tags', 'deep.parts.s'],
  undeclared: [],
}
const names = Object.keys(kinds)
type Model = Map<string, Metadata>

const vectorOf = (id: string): number[] => [1, Number(id.slice(1)) + 1]
const matching = (model: Model, filter: MetadataFilter): string[] =>
  Array.from(model)
    .filter(([, metadata]) => passes(metadata, filter))
    .map(([id]) => id)
    .sort()

/** That a collection answers a filter as the model does, whichever way it is asked. */
function check(collection: Collection, model: Model, filter: MetadataFilter): void {
  const expected = matching(model, filter)
  const found = {
    count: collection.count(filter),
    list: idsOf(collection.list({ filter, limit: 1000 })),
    search: idsOf(collection.search({ vector: [1, 0], k: 1000, filter })).sort(),
    exact: idsOf(collection.search({ vector: [1, 0], k: 1000, filter, exact: true })).sort(),
  }
  const wanted = { count: expected.length, list: expected, search: expected, exact: expected }
  expect({ filter, ...found }).toEqual({ filter, ...wanted })
  if (expected.length < 2) return
  const middle = expected[Math.floor(expected.length / 2) - 1]!
  const page = collection.list({ filter, after: middle, limit: 2 })
  expect(idsOf(page)).toEqual(expected.slice(Math.floor(expected.length / 2)).slice(0, 2))
  for (const { id, metadata } of page) expect(metadata).toEqual(JSON.parse(JSON.stringify(model.get(id))))
}

/** Changes all collections of a target and the model alike. */
class World {
  readonly model: Model
  readonly collections: Collection[]
  readonly #choose: Chooser

  constructor(target: Database | Transaction, model: Model, choose: Chooser) {
    this.model = model
    this.collections = names.map(name => openCollection(target, name))
    this.#choose = choose
  }

  change(): void {
    const choose = this.#choose
    const id = `d${choose.below(120)}`
    const metadata = choose.metadata()
    if (choose.is(0.6)) {
      for (const collection of this.collections) collection.insert({ id, vector: vectorOf(id), metadata })
      this.model.set(id, metadata)
    } else if (choose.is(0.4)) {
      const before = this.model.get(id)
      for (const collection of this.collections) expect(collection.update(id, { metadata })).toBe(before !== undefined)
      if (before !== undefined) this.model.set(id, { ...before, ...metadata })
    } else if (choose.is(0.8)) {
      for (const collection of this.collections) expect(collection.delete(id)).toBe(this.model.has(id))
      this.model.delete(id)
    } else {
      const filter = { $and: [choose.filter(), choose.filter(), { n: choose.of([0, 1, 2]) }] }
      const expected = matching(this.model, filter)
      for (const collection of this.collections) expect(collection.deleteWhere(filter)).toBe(expected.length)
      for (const each of expected) this.model.delete(each)
    }
  }

  check(filter: MetadataFilter): void {
    for (const collection of this.collections) check(collection, this.model, filter)
  }
}

const create = (db: Database): void => {
  for (const [name, indexed] of Object.entries(kinds)) createCollection(db, { name, dimension: 2, indexed })
}

test('of documents that do not change', () => {
  using db = openTestDatabase()
  create(db)
  const choose = new Chooser(randomNumbers(1))
  const world = new World(db, new Map(), choose)
  for (let i = 0; i < 150; i++) world.change()
  let some = 0
  for (let i = 0; i < 250; i++) {
    const filter = choose.filter()
    world.check(filter)
    const { length } = matching(world.model, filter)
    if (length > 0 && length < world.model.size) some++
  }
  expect(some).toBeGreaterThan(80) // filters that neither admit nor refuse everything
})

test.each([2, 3, 4])('of documents that change, in snapshots and transactions (seed %d)', seed => {
  using db = openTestDatabase()
  create(db)
  const choose = new Chooser(randomNumbers(seed))
  const world = new World(db, new Map(), choose)
  // A few filters, asked again and again: their answers are kept and have to follow.
  const filters = Array.from({ length: 8 }, () => choose.filter())
  const old: { snapshot: Snapshot; model: Model; collections: Collection[] }[] = []
  for (let round = 0; round < 60; round++) {
    for (let i = choose.below(6); i >= 0; i--) world.change()
    world.check(choose.of(filters))
    if (round % 10 === 5) {
      const snapshot = db.snapshot()
      const collections = names.map(name => openCollection(snapshot, name))
      old.push({ snapshot, model: new Map(world.model), collections })
    }
    if (old.length > 0) {
      const { collections, model } = choose.of(old)
      for (const collection of collections) check(collection, model, choose.of(filters))
    }
    if (choose.is(0.4)) {
      const transaction = db.beginTransaction()
      const inside = new World(transaction, new Map(world.model), choose)
      for (let i = choose.below(5); i >= 0; i--) {
        inside.change()
        inside.check(choose.of(filters))
      }
      if (choose.is(0.5)) {
        transaction.commit()
        world.model.clear()
        for (const [id, metadata] of inside.model) world.model.set(id, metadata)
      } else {
        transaction.abort()
      }
    }
  }
  for (const { snapshot } of old) snapshot.close()
})

test('of documents that were there before the store was opened', () => {
  const path = folder('store')
  const choose = new Chooser(randomNumbers(5))
  const model: Model = new Map()
  for (let round = 0; round < 3; round++) {
    using db = Database.open(path, { logLevel: 'off' })
    if (round === 0) create(db)
    const world = new World(db, model, choose)
    for (let i = 0; i < 10; i++) world.check(choose.filter())
    for (let i = 0; i < 60; i++) world.change()
    for (let i = 0; i < 10; i++) world.check(choose.filter())
  }
})

describe('deleteWhere', () => {
  test.each(names)('deletes what passes and nothing else, or nothing at all (%s)', name => {
    using db = openTestDatabase()
    create(db)
    const docs = openCollection(db, name)
    const ids = Array.from({ length: 100 }, (_, i) => `d${i}`)
    docs.insertBatch({ ids, vectors: ids.map(vectorOf), metadata: ids.map((_, i) => ({ n: i % 10, s: `s${i}` })) })
    expect(docs.deleteWhere({ n: { $gte: 10 } })).toBe(0)
    expect(docs.deleteWhere({ n: 3, s: { $endsWith: '3' } })).toBe(10)
    expect(docs.count()).toBe(90)
    expect(docs.count({ n: 3 })).toBe(0)
    const transaction = db.beginTransaction()
    const inside = openCollection(transaction, name)
    expect(inside.deleteWhere({ n: { $in: [1, 2] } })).toBe(20)
    expect(inside.deleteWhere({ n: { $in: [1, 2] } })).toBe(0)
    expect(inside.count()).toBe(70)
    expect(docs.count()).toBe(90)
    transaction.abort()
    expect(docs.deleteWhere({})).toBe(90)
    expect(docs.list()).toEqual([])
  })

  test('does not run on a snapshot', () => {
    using db = openTestDatabase()
    create(db)
    using snapshot = db.snapshot()
    expect(() => openCollection(snapshot, 'declared').deleteWhere({})).toThrow()
  })
})

describe.each(names)('a serializable transaction that asked by a filter (%s)', name => {
  const ways: [string, (docs: Collection) => unknown][] = [
    ['count', docs => docs.count({ n: 1 })],
    ['count of none', docs => docs.count({ n: 5 })],
    ['count by a range', docs => docs.count({ n: { $gt: 0 } })],
    ['list', docs => docs.list({ filter: { n: { $gt: 0 } } })],
    ['list of none', docs => docs.list({ filter: { n: 5 } })],
    ['search', docs => docs.search({ vector: [1, 0], filter: { n: { $ne: 2 } } })],
    ['deleteWhere', docs => docs.deleteWhere({ n: { $gte: 1 } })],
    ['deleteWhere of none', docs => docs.deleteWhere({ n: 5 })],
  ]

  test.each(ways)('conflicts with a commit that changes the answer: %s', (_, ask) => {
    using db = openTestDatabase()
    create(db)
    const docs = openCollection(db, name)
    // Few among many: where fields are declared the answer comes from their entries.
    const ids = Array.from({ length: 60 }, (_unused, i) => `d${i}`)
    docs.insertBatch({ ids, vectors: ids.map(vectorOf), metadata: ids.map((_unused, i) => ({ n: i < 3 ? 1 : 0 })) })
    for (const cached of [false, true]) {
      if (cached) ask(docs)
      const transaction = db.beginTransaction()
      ask(openCollection(transaction, name))
      transaction.put('written', 'so that it has something to commit')
      docs.insertBatch({
        ids: [`d70`, `d71`],
        vectors: [
          [1, 1],
          [1, 2],
        ],
        metadata: [{ n: 1 }, { n: 5 }],
      })
      expect(() => transaction.commit()).toThrow(TransactionConflictError)
      docs.deleteWhere({ n: { $in: [5] } })
    }
  })

  test('does not where it asked for nothing', () => {
    using db = openTestDatabase()
    create(db)
    const transaction = db.beginTransaction()
    transaction.put('written', 'x')
    openCollection(db, name).insert({ id: 'd0', vector: [1, 0] })
    transaction.commit()
  })
})
