/** Random queries over random rows, compared with the same over arrays: filters, relations, order, pages, aggregates. */
import { col, contractHash, defineSchema, many, one, table, toContract } from '@sochdb/schema'
import { createClient } from 'sochdb/client'
import type { SyncRepository } from 'sochdb/client'

type Row = Record<string, unknown>
interface AnyModel {
  Row: Row
  New: Row
  NewWith: Row
  NewBy: Row
  Patch: Row
  Change: Row
  Where: Row
  Order: Row
  Key: Row
  Include: Record<string, object | true>
  Related: Row
  Sums: Row
  Averages: Row
}
interface Client {
  readonly sync: { readonly trees: SyncRepository<AnyModel>; readonly leaves: SyncRepository<AnyModel> }
  $close(): Promise<void>
}

const schema = defineSchema({
  tables: {
    trees: table('trees', {
      id: col.integer().primaryKey(),
      name: col.text(),
      height: col.real().nullable(),
      planted: col.timestamp().nullable(),
    }).index('name'),
    leaves: table('leaves', {
      id: col.integer().primaryKey(),
      treeId: col.integer().nullable(),
      color: col.text(),
      size: col.bigint(),
    }).index('treeId', 'size'),
  },
  relations: { trees: { leaves: many('leaves.treeId') }, leaves: { tree: one('trees', 'treeId') } },
})
const contract = toContract(schema)

/** The same numbers on every run: xorshift32. */
class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}

const names = ['ash', 'birch', 'elm']
const colors = ['green', 'red', 'gold']
const numbersOf = (random: Random): number | null => (random.below(4) === 0 ? null : random.below(5))
const timeOf = (random: Random): Date | null => (random.below(3) === 0 ? null : new Date(random.below(4) * 1000))

/** Three values of logic: `undefined` is SQL's unknown. */
type Truth = boolean | undefined
const and = (truths: readonly Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(undefined) ? undefined : true
const or = (truths: readonly Truth[]): Truth =>
  truths.includes(true) ? true : truths.includes(undefined) ? undefined : false
const not = (truth: Truth): Truth => (truth === undefined ? undefined : !truth)

const plain = (value: unknown): number | string | bigint =>
  value instanceof Date ? value.getTime() : (value as number | string | bigint)

interface Made {
  readonly where: Row
  readonly holds: (row: Row) => Truth
}

class World {
  readonly random: Random
  readonly trees: Row[]
  readonly leaves: Row[]

  constructor(random: Random) {
    this.random = random
    this.trees = Array.from({ length: 8 }, (_, id) => ({
      id,
      name: random.of(names),
      height: numbersOf(random),
      planted: timeOf(random),
    }))
    this.leaves = Array.from({ length: 20 }, (_, id) => ({
      id,
      treeId: random.below(5) === 0 ? null : random.below(9),
      color: random.of(colors),
      size: BigInt(random.below(6)) * 2n ** 60n,
    }))
  }

  filter(property: 'trees' | 'leaves', depth: number): Made {
    const { random } = this
    const kind = random.below(depth === 0 ? 4 : 8)
    if (kind === 4) return this.logic('AND', and, property, depth)
    if (kind === 5) return this.logic('OR', or, property, depth)
    if (kind === 6) {
      const { where, holds } = this.filter(property, depth - 1)
      return { where: { NOT: where }, holds: row => not(holds(row)) }
    }
    if (kind === 7) return property === 'trees' ? this.some(depth) : this.is(depth)
    return this.column(property)
  }

  logic(word: string, combine: (truths: readonly Truth[]) => Truth, property: 'trees' | 'leaves', depth: number): Made {
    const parts = Array.from({ length: 1 + this.random.below(3) }, () => this.filter(property, depth - 1))
    return {
      where: { [word]: parts.map(({ where }) => where) },
      holds: row => combine(parts.map(({ holds }) => holds(row))),
    }
  }

  column(property: 'trees' | 'leaves'): Made {
    const { random } = this
    const columns = property === 'trees' ? ['id', 'name', 'height', 'planted'] : ['id', 'treeId', 'color', 'size']
    const name = random.of(columns)
    const value = random.of(this[property])[name] ?? null
    if (value === null) return { where: { [name]: null }, holds: row => row[name] === null }
    const compare =
      (test: (own: number | string | bigint, other: number | string | bigint) => boolean) => (row: Row) =>
        row[name] === null ? undefined : test(plain(row[name]), plain(value))
    const operator = random.of(['equals', 'not', 'lt', '$lte', 'gt', '$gte', 'in'] as const)
    switch (operator) {
      case 'equals':
        return { where: { [name]: value }, holds: compare((a, b) => a === b) }
      case 'not':
        return { where: { [name]: { not: value } }, holds: compare((a, b) => a !== b) }
      case 'in':
        return { where: { [name]: { in: [value] } }, holds: compare((a, b) => a === b) }
      case 'lt':
        return { where: { [name]: { lt: value } }, holds: compare((a, b) => a < b) }
      case '$lte':
        return { where: { [name]: { $lte: value } }, holds: compare((a, b) => a <= b) }
      case 'gt':
        return { where: { [name]: { gt: value } }, holds: compare((a, b) => a > b) }
      case '$gte':
        return { where: { [name]: { $gte: value } }, holds: compare((a, b) => a >= b) }
    }
  }

  some(depth: number): Made {
    const { where, holds } = this.filter('leaves', depth - 1)
    const word = this.random.of(['some', 'every', '$none'])
    const own = (row: Row): Row[] => this.leaves.filter(leaf => leaf['treeId'] === row['id'])
    const meets = (row: Row): boolean => {
      if (word === 'some') return own(row).some(leaf => holds(leaf) === true)
      if (word === 'every') return own(row).every(leaf => holds(leaf) === true)
      return !own(row).some(leaf => holds(leaf) === true)
    }
    return { where: { leaves: { [word]: where } }, holds: meets }
  }

  is(depth: number): Made {
    const { where, holds } = this.filter('trees', depth - 1)
    const word = this.random.of(['is', '$isNot'])
    const meets = (row: Row): boolean => {
      const tree = this.trees.find(each => each['id'] === row['treeId'])
      const isMet = tree !== undefined && holds(tree) === true
      return word === 'is' ? isMet : !isMet
    }
    return { where: { tree: { [word]: where } }, holds: meets }
  }

  order(property: 'trees' | 'leaves'): { orderBy: Row[]; compare: (a: Row, b: Row) => number } {
    const columns = property === 'trees' ? ['name', 'height', 'planted'] : ['treeId', 'color', 'size']
    const parts = Array.from({ length: this.random.below(3) }, () => ({
      name: this.random.of(columns),
      sign: this.random.below(2) * 2 - 1,
    })).filter((part, i, all) => all.findIndex(({ name }) => name === part.name) === i)
    const compare = (a: Row, b: Row): number => {
      for (const { name, sign } of [...parts, { name: 'id', sign: 1 }]) {
        const [x, y] = [a[name], b[name]]
        // NULLs are first ascending, last descending.
        const order =
          x === null || y === null ? Number(y === null) - Number(x === null) : compareValues(plain(x), plain(y))
        if (order !== 0) return order * sign
      }
      return 0
    }
    return { orderBy: parts.map(({ name, sign }) => ({ [name]: sign > 0 ? 'asc' : 'desc' })), compare }
  }
}

function compareValues(a: number | string | bigint, b: number | string | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

test.each([1, 2, 3, 4])('random queries give what the same over arrays gives, seed %i', async seed => {
  const random = new Random(seed * 7919)
  const definition = { contract, contractHash: contractHash(contract), queryBuilder: () => undefined }
  const client = createClient<Client>(definition, { path: ':memory:' })
  const db = client.sync
  const world = new World(random)
  db.trees.insertMany(world.trees)
  db.leaves.insertMany(world.leaves)
  for (let i = 0; i < 60; i++) {
    const property = random.of(['trees', 'leaves'] as const)
    const { where, holds } = world.filter(property, 3)
    const { orderBy, compare } = world.order(property)
    const expected = world[property].filter(row => holds(row) === true).sort(compare)
    const told = { where, orderBy }
    expect({ told, rows: db[property].findMany(told) }).toEqual({ told, rows: expected })
    expect(db[property].count({ where })).toBe(expected.length)
    expect(db[property].exists({ where })).toBe(expected.length > 0)

    const [limit, offset] = [random.below(4), random.below(4)]
    expect(db[property].findMany({ ...told, limit, offset })).toEqual(expected.slice(offset, offset + limit))

    const paged: Row[] = []
    let after: string | undefined
    do {
      const page = db[property].findPage({ ...told, limit: 1 + random.below(4), after })
      paged.push(...page.rows)
      after = page.next
    } while (after !== undefined)
    expect({ told, paged }).toEqual({ told, paged: expected })

    const distinct = property === 'trees' ? 'name' : 'color'
    const firsts = expected.filter((row, k) => expected.findIndex(each => each[distinct] === row[distinct]) === k)
    expect(db[property].findMany({ ...told, distinct: [distinct] } as never)).toEqual(firsts)

    const groups = db[property].groupBy({ by: [distinct], where, max: { id: true } } as never) as unknown as Row[]
    const values = [...new Set(expected.map(row => row[distinct] as string))].sort()
    expect(groups).toEqual(
      values.map(value => {
        const own = expected.filter(row => row[distinct] === value)
        return { [distinct]: value, count: own.length, max: { id: Math.max(...own.map(row => row['id'] as number)) } }
      }),
    )

    const inner = world.filter('leaves', 1)
    const innerOrder = world.order('leaves')
    const rows = db.trees.findMany({
      with: { leaves: { where: inner.where, orderBy: innerOrder.orderBy, limit: 3, with: { tree: true } } },
    } as never)
    expect(rows).toEqual(
      world.trees.map(tree => ({
        ...tree,
        leaves: world.leaves
          .filter(leaf => leaf['treeId'] === tree['id'] && inner.holds(leaf) === true)
          .sort(innerOrder.compare)
          .slice(0, 3)
          .map(leaf => ({ ...leaf, tree })),
      })),
    )
  }
  await client.$close()
})
