/** A warehouse's stock, as keys: loaded in batches, changed by decisions that hold whatever others do at the same time. */
import { ValidationError, type AsyncDatabase, type Database } from 'sochdb'

const itemKey = (sku: string): string => `stock/${sku}`

/** All of a delivery, or nothing of it. */
export function receive(db: Database, delivery: ReadonlyMap<string, number>): void {
  db.putBatch(Array.from(delivery, ([sku, count]) => [itemKey(sku), String(count)] as const))
}

/** Many more rows than one transaction should hold: batches of so many, each of them whole. */
export function load(db: Database, rows: Iterable<readonly [string, number]>, batchSize: number): number {
  let batch = new Map<string, number>()
  let loaded = 0
  const flush = (): void => {
    receive(db, batch)
    loaded += batch.size
    batch = new Map()
  }
  for (const [sku, count] of rows) {
    batch.set(sku, count)
    if (batch.size === batchSize) flush()
  }
  flush()
  return loaded
}

export function counts(db: Database, skus: readonly string[]): (number | undefined)[] {
  return db.getBatch(skus.map(itemKey)).map(value => (value === undefined ? undefined : Number(value)))
}

/** Takes all items of an order from the stock, or throws and takes none. */
export function ship(db: Database, order: ReadonlyMap<string, number>): void {
  db.transaction(txn => {
    for (const [sku, wanted] of order) {
      const left = Number(txn.getString(itemKey(sku)) ?? 0) - wanted
      if (left < 0) throw new ValidationError(`Only ${left + wanted} of ${sku} left, ${wanted} wanted.`)
      txn.put(itemKey(sku), String(left))
    }
  })
}

/** The first who asks has the lock, for half a minute unless it is given back. */
export function lock(db: Database, who: string): boolean {
  return db.putIfAbsent('lock/inventory', who, { ttlSeconds: 30 })
}

/** Corrects a count, if it is still what the person who counted saw. */
export function correct(db: Database, sku: string, seen: number, counted: number): boolean {
  return db.compareAndSet(itemKey(sku), String(seen), String(counted))
}

/** Customers who buy one at the same time: their transactions run beside each other, and who conflicts is run again. */
export async function sell(db: AsyncDatabase, sku: string, customers: number): Promise<number> {
  const buy = (): Promise<boolean> =>
    db.transaction(
      async txn => {
        const left = Number((await txn.getString(itemKey(sku))) ?? 0)
        if (left === 0) return false
        await txn.put(itemKey(sku), String(left - 1))
        return true
      },
      { maxRetries: 1000 },
    )
  const sold = await Promise.all(Array.from({ length: customers }, buy))
  return sold.filter(Boolean).length
}
