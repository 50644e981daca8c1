/**
 * Which anomalies a list-append history shows. The order of a list's elements gives the order of its writers, so dependencies
 * follow from what was read alone:
 *
 * - `ww` appended directly before, `wr` appended the last element that was read, `rw` appended directly behind what was read;
 * - `realtime` had ended before the other began.
 *
 * A cycle of them is an anomaly, named by its edges (Adya 1999): G0 of ww, G1c with wr, G-single with exactly one rw, G2-item with
 * several; and `realtime` where the cycle needs such an edge.
 */
import type { Operation, Transaction } from './history.js'
import { Graph } from './graph.js'
import type { Edge, EdgeKind } from './graph.js'

export type AnomalyKind =
  | 'G0'
  | 'G1a'
  | 'G1b'
  | 'G1c'
  | 'G-single'
  | 'G2-item'
  | 'realtime'
  | 'internal'
  | 'duplicate'
  | 'unknown value'
  | 'incompatible order'
  | 'lost append'

export interface Anomaly {
  readonly kind: AnomalyKind
  readonly what: string
}

interface Writer {
  readonly transaction: number
  /** Its transaction appended to the same list later on. */
  readonly intermediate: boolean
}

class Check {
  readonly anomalies: Anomaly[] = []
  readonly #writers = new Map<string, Writer>()
  /** By key: the longest list that was read. */
  readonly #orders = new Map<string, readonly number[]>()
  readonly #graph: Graph

  constructor(readonly history: readonly Transaction[]) {
    this.#graph = new Graph(history.length)
  }

  run(): Anomaly[] {
    this.#collectWriters()
    this.#collectOrders()
    this.history.forEach((transaction, number) => {
      if (!transaction.committed) return
      this.#checkInternal(transaction)
      for (const read of readsOfOthers(transaction)) this.#addRead(number, read.key, read.values)
    })
    this.#addWrites()
    this.#addRealtime()
    this.#findCycles()
    return this.anomalies
  }

  #found(kind: AnomalyKind, what: string): void {
    this.anomalies.push({ kind, what })
  }

  #name(number: number): string {
    return this.history[number]?.name ?? String(number)
  }

  #collectWriters(): void {
    this.history.forEach((transaction, number) => {
      const last = new Map<string, number>()
      for (const operation of transaction.operations) {
        if (operation.kind === 'append') last.set(operation.key, operation.value)
      }
      for (const operation of transaction.operations) {
        if (operation.kind !== 'append') continue
        const intermediate = last.get(operation.key) !== operation.value
        this.#writers.set(`${operation.key}/${String(operation.value)}`, { transaction: number, intermediate })
      }
    })
  }

  #writer(key: string, value: number | undefined): Writer | undefined {
    return value === undefined ? undefined : this.#writers.get(`${key}/${String(value)}`)
  }

  #collectOrders(): void {
    for (const transaction of this.history) {
      if (!transaction.committed) continue
      for (const { key, values } of readsOfOthers(transaction)) {
        if (new Set(values).size !== values.length) {
          this.#found('duplicate', `${transaction.name} read ${key} = ${show(values)}`)
        }
        if (values.length > (this.#orders.get(key)?.length ?? -1)) this.#orders.set(key, values)
      }
    }
    for (const [number, transaction] of this.history.entries()) {
      for (const operation of transaction.operations) {
        if (operation.kind !== 'append' || !transaction.committed) continue
        const order = this.#orders.get(operation.key)
        // A list that nobody read afterwards proves nothing: whoever records a history reads every list at its end.
        if (order === undefined || order.includes(operation.value)) continue
        this.#found(
          'lost append',
          `${this.#name(number)} appended ${String(operation.value)} to ${operation.key}, ${show(order)}`,
        )
      }
    }
  }

  /** What a transaction sees of a list must be what it saw before, and what it has appended since. */
  #checkInternal(transaction: Transaction): void {
    const expected = new Map<string, { seen: readonly number[] | undefined; appended: number[] }>()
    for (const operation of transaction.operations) {
      const known = expected.get(operation.key) ?? { seen: undefined, appended: [] }
      expected.set(operation.key, known)
      if (operation.kind === 'append') {
        known.appended.push(operation.value)
        continue
      }
      const ending = operation.values.slice(operation.values.length - known.appended.length)
      const beginning = operation.values.slice(0, operation.values.length - known.appended.length)
      const repeatable = transaction.level !== 'readCommitted'
      const changed = repeatable && known.seen !== undefined && !equal(known.seen, beginning)
      if (!equal(ending, known.appended) || changed) {
        this.#found('internal', `${transaction.name} read ${operation.key} = ${show(operation.values)}`)
      }
      known.seen = beginning
    }
  }

  #addRead(reader: number, key: string, values: readonly number[]): void {
    const what = `${this.#name(reader)} read ${key} = ${show(values)}`
    const order = this.#orders.get(key) ?? []
    if (!equal(order.slice(0, values.length), values)) {
      this.#found('incompatible order', `${what}, another ${show(order)}`)
      return
    }
    for (const value of values) {
      const writer = this.#writer(key, value)
      if (writer === undefined) this.#found('unknown value', `${what}: nobody appended ${String(value)}`)
      else if (this.history[writer.transaction]?.committed !== true) {
        this.#found('G1a', `${what}, with ${String(value)} of ${this.#name(writer.transaction)}, which aborted`)
      }
    }
    const last = this.#writer(key, values.at(-1))
    if (last?.intermediate === true && last.transaction !== reader) {
      this.#found('G1b', `${what}, in the middle of ${this.#name(last.transaction)}`)
    }
    if (last !== undefined) this.#graph.add(last.transaction, reader, 'wr', `${key} ${String(values.at(-1))}`)
    const next = this.#writer(key, order[values.length])
    if (next !== undefined) this.#graph.add(reader, next.transaction, 'rw', `${key} ${String(order[values.length])}`)
  }

  #addWrites(): void {
    for (const [key, order] of this.#orders) {
      for (let i = 1; i < order.length; i++) {
        const before = this.#writer(key, order[i - 1])
        const after = this.#writer(key, order[i])
        if (before === undefined || after === undefined) continue
        this.#graph.add(before.transaction, after.transaction, 'ww', `${key} ${String(order[i])}`)
      }
    }
  }

  /** An edge from each that had ended when another began, without those that follow from others. */
  #addRealtime(): void {
    const events = this.history.flatMap((transaction, number) =>
      transaction.committed
        ? [
            { at: transaction.began, number, ended: false },
            { at: transaction.ended, number, ended: true },
          ]
        : [],
    )
    events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : Number(a.ended) - Number(b.ended)))
    let frontier: number[] = []
    for (const { number, ended } of events) {
      if (!ended) {
        for (const before of frontier) this.#graph.add(before, number, 'realtime', '')
        continue
      }
      const began = this.history[number]?.began ?? 0n
      frontier = frontier.filter(before => (this.history[before]?.ended ?? 0n) >= began)
      frontier.push(number)
    }
  }

  #findCycles(): void {
    this.#findCyclesOver('G0', ['ww'], ['ww'])
    this.#findCyclesOver('G1c', ['ww', 'wr'], ['wr'])
    this.#findSingles()
    this.#findCyclesOver('G2-item', ['ww', 'wr', 'rw'], ['rw'])
    this.#findCyclesOver('realtime', ['ww', 'wr', 'rw', 'realtime'], ['realtime'])
  }

  /** One example of a cycle over `kinds`, for each edge of `through` that lies on one; at most a few. */
  #findCyclesOver(kind: AnomalyKind, kinds: readonly EdgeKind[], through: readonly EdgeKind[]): void {
    const allowed = new Set(kinds)
    const component = this.#graph.components(allowed)
    let examples = 0
    for (const edge of this.#graph.edges) {
      if (!through.includes(edge.kind) || component[edge.from] !== component[edge.to]) continue
      const back = this.#graph.path(edge.to, edge.from, allowed)
      if (back === undefined || ++examples > 5) continue
      this.#found(kind, this.#show([edge, ...back]))
    }
  }

  #findSingles(): void {
    const others = new Set<EdgeKind>(['ww', 'wr'])
    const component = this.#graph.components(new Set<EdgeKind>(['ww', 'wr', 'rw']))
    for (const edge of this.#graph.edges) {
      if (edge.kind !== 'rw' || component[edge.from] !== component[edge.to]) continue
      const back = this.#graph.path(edge.to, edge.from, others)
      if (back !== undefined) this.#found('G-single', this.#show([edge, ...back]))
    }
  }

  #show(cycle: readonly Edge[]): string {
    return cycle.map(edge => `${this.#name(edge.from)} -${edge.kind}(${edge.why})-> ${this.#name(edge.to)}`).join(', ')
  }
}

/** What a transaction read of others: its own appends are cut off; a list that it was not the only one to read is itself. */
function readsOfOthers(transaction: Transaction): { key: string; values: readonly number[] }[] {
  const own = new Map<string, number>()
  const reads: { key: string; values: readonly number[] }[] = []
  for (const operation of transaction.operations) {
    const count = own.get(operation.key) ?? 0
    if (operation.kind === 'append') own.set(operation.key, count + 1)
    else reads.push({ key: operation.key, values: operation.values.slice(0, operation.values.length - count) })
  }
  return reads
}

const equal = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((value, i) => value === b[i])
const show = (values: readonly number[]) => `[${(values.length > 12 ? ['…', ...values.slice(-10)] : values).join(' ')}]`

/** Every anomaly of the history. Transactions are told apart by their names, appended values by key and number. */
export function checkListAppend(history: readonly Transaction[]): Anomaly[] {
  return new Check(history).run()
}

export type { Operation, Transaction }
