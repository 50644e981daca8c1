/** The examples of docs/kysely.md: they compile, run, and give what they say. */
import * as kysely from 'kysely'
import * as migration from 'kysely/migration'
import * as sochdb from 'sochdb'
import * as dialect from '@sochdb/kysely'
import { arrows, problems, runnable } from '../../sochdb/test/support/pages.js'

const page = 'kysely.md'
const modules: Readonly<Record<string, unknown>> = {
  kysely,
  'kysely/migration': migration,
  sochdb,
  '@sochdb/kysely': dialect,
}

const AsyncFunction = (async () => undefined).constructor as new (
  ...source: string[]
) => (...args: unknown[]) => Promise<void>

test('the examples compile', () => {
  expect(problems(page)).toEqual([])
})

test('the examples run, and give what they say', async () => {
  let compared = 0
  const compare = (line: number, actual: unknown, expected: unknown): void => {
    compared++
    expect({ line, value: actual }).toEqual({ line, value: expected })
  }
  const run = new AsyncFunction('require', 'exports', 'compare', runnable(page))
  await run((name: string) => modules[name], {}, compare)
  expect(compared).toBe(arrows(page))
})
