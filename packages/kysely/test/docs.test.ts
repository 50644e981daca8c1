/** The examples of the pages on Kysely: they compile, run, and give what they say. */
import * as kysely from 'kysely'
import * as migration from 'kysely/migration'
import * as sochdb from 'sochdb'
import * as dialect from '@sochdb/kysely'
import { arrows, problems, runnable } from '../../sochdb/test/support/pages.js'

const pages = ['kysely.md', 'coming-from/kysely.md']
const modules: Readonly<Record<string, unknown>> = {
  kysely,
  'kysely/migration': migration,
  sochdb,
  '@sochdb/kysely': dialect,
}

const AsyncFunction = (async () => undefined).constructor as new (
  ...source: string[]
) => (...args: unknown[]) => Promise<void>

test.each(pages)('the examples of docs/%s compile', page => {
  expect(problems(page)).toEqual([])
})

test.each(pages)('the examples of docs/%s run, and give what they say', async page => {
  let compared = 0
  const compare = (line: number, actual: unknown, expected: unknown): void => {
    compared++
    expect({ line, value: actual }).toEqual({ line, value: expected })
  }
  const run = new AsyncFunction('require', 'exports', 'compare', runnable(page))
  await run((name: string) => modules[name], {}, compare)
  expect(compared).toBe(arrows(page))
})
