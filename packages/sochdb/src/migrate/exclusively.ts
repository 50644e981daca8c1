import type { Database } from '../database/index.js'

const last = new WeakMap<Database, Promise<unknown>>()

/** One after the other: what one migration builds ahead, another one in this process would take for a leftover. */
export function exclusively<Result>(database: Database, work: () => Promise<Result>): Promise<Result> {
  const before = last.get(database) ?? Promise.resolve()
  const result = before.then(work)
  last.set(
    database,
    result.catch(() => undefined),
  )
  return result
}
