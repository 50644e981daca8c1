import type { Cache, Database } from 'sochdb'
import { setCacheClock } from 'sochdb/testing'

/** A clock that the test moves, for the caches of this file. */
export function testClock(start = 1_700_000_000_000): { now: number; pass(seconds: number): void } {
  const clock = {
    now: start,
    pass(seconds: number): void {
      clock.now += seconds * 1000
    },
  }
  beforeEach(() => {
    clock.now = start
    setCacheClock(() => clock.now)
  })
  afterAll(() => setCacheClock(undefined))
  return clock
}

/** Unit vectors in a plane: their similarity is the cosine of the angle between them. */
export const at = (degrees: number): number[] => [
  Math.cos((degrees * Math.PI) / 180),
  Math.sin((degrees * Math.PI) / 180),
]

/** The angle to something that is so similar. */
export const near = (similarity: number): number[] => at((Math.acos(similarity) * 180) / Math.PI)

export const keysOf = (cache: Cache): string[] => cache.list({ limit: 10_000 }).map(({ key }) => key)

export const put = (db: Database, key: string, degrees: number, more: object = {}): void =>
  db.cachePut({ cacheName: 'answers', key, value: `about ${key}`, embedding: at(degrees), ...more })
