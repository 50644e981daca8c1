/** Scripts by seed, run in both databases. A script that fails is made small. */
import { Random } from '../random.js'
import { Pair } from './pair.js'
import type { Difference } from './outcome.js'
import { QueryMaker } from './queries.js'
import type { Step } from './queries.js'
import { shrunk } from './shrink.js'
import { World } from './world.js'
import { WriteMaker } from './writes.js'

const STEPS = 60
const isTold = process.env['SOCHDB_SQL_FUZZ_STATEMENTS'] !== undefined

export interface Failure extends Difference {
  readonly seed: number
  readonly script: readonly Step[]
}

/** The script of a seed: a schema, rows, and then queries, writes, changes of the schema and transactions. */
export function scriptOf(seed: number): Step[] {
  const world = new World(new Random(seed))
  const { random } = world
  const script: Step[] = world.create().map(sql => ({ sql, values: [] }))
  for (const table of world.tables) {
    for (let i = random.below(5); i >= 0; --i) script.push(new WriteMaker(world).rows(table))
  }
  let isOpen = false
  for (let i = 0; i < STEPS; ++i) {
    if (random.chance(0.05)) {
      script.push({ sql: isOpen ? random.pick(['commit', 'rollback']) : 'begin', values: [] })
      isOpen = !isOpen
    } else if (!isOpen && random.chance(0.04)) script.push(new WriteMaker(world).change())
    else if (random.chance(0.25)) script.push(new WriteMaker(world).step())
    else if (random.chance(0.07)) {
      const queries = new QueryMaker(world)
      script.push(queries.step(`-- partition ${JSON.stringify(queries.partition())}`))
    } else {
      const queries = new QueryMaker(world)
      script.push(queries.step(queries.query()))
    }
  }
  if (isOpen) script.push({ sql: 'commit', values: [] })
  return script
}

/** The first step that differs, and how; the state of all tables counts after each write. */
export async function firstDifference(script: readonly Step[]): Promise<(Difference & { at: number }) | undefined> {
  const pair = new Pair()
  try {
    for (const [at, step] of script.entries()) {
      const found = (await pair.run(step)) ?? (isWrite(step.sql) ? pair.state() : undefined)
      if (found) return { ...found, at }
    }
    return undefined
  } finally {
    pair.close()
  }
}

const isWrite = (sql: string): boolean => /^(insert|update|delete|commit|rollback|alter)/.test(sql)

/** What fails among the scripts of the seeds, each made small. */
export async function* failures(
  seed: number,
  statements: number,
  count: (statements: number, seed: number) => void,
): AsyncGenerator<Failure, void> {
  let done = 0
  for (let next = seed; done < statements; ++next) {
    const script = scriptOf(next)
    const found = await firstDifference(script)
    done += found ? found.at + 1 : script.length
    count(done, next)
    if (!found) continue
    if (isTold) process.stdout.write(`seed ${next}: ${found.kind}\n${toText(script.slice(found.at, found.at + 1))}\n`)
    const small = await shrunk(script.slice(0, found.at + 1), async candidate => {
      const difference = await firstDifference(candidate)
      return difference?.kind === found.kind && difference.at === candidate.length - 1
    })
    yield { seed: next, ...((await firstDifference(small)) ?? found), script: small }
  }
}

/** A script as a file of one statement a line; parameters stand behind it. */
export const toText = (script: readonly Step[]): string =>
  script.map(({ sql, values }) => (values.length === 0 ? sql : `${sql} -- ? ${JSON.stringify(values)}`)).join('\n')

export function fromText(text: string): Step[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '' && !line.startsWith('# '))
    .map(line => {
      const [, sql, values] = /^(.*?)(?: -- \? (\[.*\]))?$/.exec(line)!
      return { sql: sql!, values: values === undefined ? [] : (JSON.parse(values) as Step['values']) }
    })
}
