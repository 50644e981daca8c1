/**
 * The examples of the documentation. All ```ts blocks of a page are one program, in their order: it has to compile, to run, and
 * where a line says `expression // → value`, to give that.
 */
import { createRequire } from 'node:module'

import * as sochdb from 'sochdb'

import { arrows, problems, runnable } from './support/pages.js'

const requireHere = createRequire(import.meta.url)
const pages = [
  'cache.md',
  'coming-from/pinecone.md',
  'coming-from/redis.md',
  'coming-from/sqlite.md',
  'collections.md',
  'graph.md',
  'keys.md',
  'memory.md',
  'namespaces.md',
  'sql.md',
  'storage.md',
  'vector-index.md',
]

describe.each(pages)('docs/%s', page => {
  test('its examples compile', () => {
    expect(problems(page)).toEqual([])
  })

  test('its examples run, and give what they say', () => {
    let compared = 0
    const compare = (line: number, actual: unknown, expected: unknown): void => {
      compared++
      expect({ line, value: actual }).toEqual({ line, value: expected })
    }
    const run = new Function('require', 'exports', 'compare', 'console', runnable(page)) as (...args: unknown[]) => void
    run((name: string) => (name === 'sochdb' ? sochdb : requireHere(name)), {}, compare, { log: () => undefined })
    expect(compared).toBe(arrows(page))
  })
})
