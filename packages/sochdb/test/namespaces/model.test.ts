/**
 * Random work on several namespaces, through everything that reaches them, beside a Map for each: whatever the keys look like,
 * no namespace ever sees what was done in another.
 */
import fc from 'fast-check'

import { Database, NamespaceNotFoundError } from 'sochdb'
import type { Namespace, Transaction } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()

/** Names whose bytes and ids crafted keys try to look like. */
const NAMES = ['default', 'a', 'a.b', 'A', '1', 'n'] as const

/** Keys that begin as tree keys, catalog keys, names and paths do, and at the ends of every range. */
const crafted = [
  Buffer.alloc(0),
  Buffer.from([0]),
  Buffer.from([0xff]),
  Buffer.alloc(300, 0xff),
  ...[0, 1, 2, 3, 4, 5].map(id => Buffer.from([0, 0, 0, id])),
  ...[1, 2, 3].map(id => Buffer.concat([Buffer.from([0, 0, 0, id]), Buffer.from('k')])),
  Buffer.from([0, 0, 0, 0, 0x6e, 0x61]),
  ...['k', 'a', 'a/k', 'a.b', 'a.b/k', '../a/k', 'default/k', 'k\u0000', 'n\n', '2\nk'].map(text => Buffer.from(text)),
]

type Action =
  | { kind: 'put' | 'putIfAbsent' | 'delete'; name: string; key: Buffer; value: string }
  | { kind: 'increment'; name: string }
  | { kind: 'batch' | 'rollback'; entries: { name: string; key: Buffer; value: string }[] }
  | { kind: 'copy'; name: string; to: string; key: Buffer }
  | { kind: 'drop' | 'check'; name: string }
  | { kind: 'reopen' }

const name = fc.constantFrom(...NAMES)
const key = fc.oneof(
  fc.constantFrom(...crafted),
  fc.uint8Array({ maxLength: 6 }).map(bytes => Buffer.from(bytes)),
)
const value = fc.string({ maxLength: 8 })
const entries = fc.array(fc.record({ name, key, value }), { maxLength: 8 })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('put', 'putIfAbsent', 'delete'), name, key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('increment'), name }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('batch', 'rollback'), entries }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('copy'), name, to: name, key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('drop', 'check'), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen') }) },
) as fc.Arbitrary<Action>

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const COUNTER = hex(Buffer.from('counter'))

class World {
  readonly path: string
  db: Database
  readonly model = new Map<string, Map<string, string>>([['default', new Map()]])
  readonly dropped: Namespace[] = []

  constructor(path: string) {
    this.path = path
    this.db = Database.open(path, { syncMode: 'off' })
  }

  /** The namespace and its model; both made where they are missing. */
  of(namespace: string): { ns: Namespace; map: Map<string, string> } {
    const map = this.model.get(namespace) ?? new Map<string, string>()
    this.model.set(namespace, map)
    return { ns: this.db.getOrCreateNamespace(namespace), map }
  }

  run(step: Action): void {
    switch (step.kind) {
      case 'put': {
        const { ns, map } = this.of(step.name)
        ns.put(step.key, step.value)
        map.set(hex(step.key), step.value)
        return
      }
      case 'putIfAbsent': {
        const { ns, map } = this.of(step.name)
        expect(ns.putIfAbsent(step.key, step.value)).toBe(!map.has(hex(step.key)))
        if (!map.has(hex(step.key))) map.set(hex(step.key), step.value)
        return
      }
      case 'delete': {
        const { ns, map } = this.of(step.name)
        ns.delete(step.key)
        map.delete(hex(step.key))
        return
      }
      case 'increment': {
        const { ns, map } = this.of(step.name)
        const next = BigInt(map.get(COUNTER) ?? '0') + 3n
        expect(ns.increment('counter', 3)).toBe(next)
        map.set(COUNTER, String(next))
        return
      }
      case 'batch':
        for (const entry of step.entries) this.of(entry.name)
        this.db.transaction(txn => this.write(txn, step.entries))
        for (const entry of step.entries) this.of(entry.name).map.set(hex(entry.key), entry.value)
        return
      case 'rollback': {
        const txn = this.db.beginTransaction()
        this.write(txn, step.entries)
        txn.abort()
        return
      }
      case 'copy': {
        if (step.name === step.to) return
        const { map } = this.of(step.name)
        const { map: to } = this.of(step.to)
        const copied = [...map].filter(([held]) => held.startsWith(hex(step.key)))
        expect(this.db.copyBetweenNamespaces({ sourceNs: step.name, targetNs: step.to, prefix: step.key })).toBe(
          copied.length,
        )
        for (const [held, text] of copied) to.set(held, text)
        return
      }
      case 'drop':
        if (step.name === 'default' || !this.model.has(step.name)) return
        this.dropped.push(this.db.namespace(step.name))
        this.db.deleteNamespace(step.name, { force: true })
        this.model.delete(step.name)
        return
      case 'check':
        this.check()
        return
      case 'reopen':
        this.db.close()
        this.dropped.length = 0
        this.db = Database.open(this.path, { syncMode: 'off' })
    }
  }

  write(txn: Transaction, list: readonly { name: string; key: Buffer; value: string }[]): void {
    for (const entry of list) txn.getOrCreateNamespace(entry.name).put(entry.key, entry.value)
    for (const entry of list) expect(txn.namespace(entry.name).exists(entry.key)).toBe(true)
  }

  check(): void {
    expect(this.db.listNamespaces()).toEqual([...this.model.keys()].sort())
    using snapshot = this.db.snapshot()
    for (const [namespace, map] of this.model) {
      const ns = this.db.namespace(namespace)
      const sorted = [...map].sort(([a], [b]) => (a < b ? -1 : 1))
      const rows = (of: Iterable<[Buffer, Buffer]>) => Array.from(of, ([k, v]) => [hex(k), v.toString()])
      expect(rows(ns.scan())).toEqual(sorted)
      expect(rows(ns.scanRange('', '', { reverse: true }))).toEqual(sorted.toReversed())
      expect(rows(snapshot.namespace(namespace).scan())).toEqual(sorted)
      expect(this.db.namespaceInfo(namespace).keyCount).toBe(map.size)
      expect(ns.getBatch(crafted).map(held => held?.toString())).toEqual(crafted.map(held => map.get(hex(held))))
    }
    const own = this.model.get('default')!
    expect(Array.from(this.db.scan(), ([held]) => hex(held))).toHaveLength(own.size)
    for (const gone of this.dropped) expect(() => gone.exists('k')).toThrow(NamespaceNotFoundError)
  }
}

test('no key, name, transaction or reopening lets one namespace see another', () => {
  let run = 0
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 60 }), actions => {
      const world = new World(directory(`run-${run++}`))
      try {
        for (const step of actions) world.run(step)
        world.check()
        world.run({ kind: 'reopen' })
        world.check()
      } finally {
        world.db.close()
      }
    }),
    { numRuns: 60 },
  )
})
