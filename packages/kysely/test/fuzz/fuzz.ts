/** Scripts of random queries by seed, run in all lanes. A script that fails is made small. */
import type { Difference } from '../../../sochdb/test/sql/fuzz/outcome.js'
import { World } from '../../../sochdb/test/sql/fuzz/world.js'
import { Choices, shrunk } from './choices.js'
import { Lanes, textOfStep, type Step } from './lanes.js'
import { QueryMaker } from './queries.js'
import { WriteMaker } from './writes.js'

const STEPS = 50
/** The first of them, which insert rows. */
const ROWS = 8

export interface Failure extends Difference {
  readonly seed: number
  readonly script: readonly Step[]
}

/** What was decided for the schema, and for each step behind it. */
type Decisions = readonly (readonly number[])[]

function stepOf(world: World): Step {
  const { random } = world
  const kind = random.below(20)
  if (kind === 0) return stepOfQuery(new WriteMaker(world).rows())
  if (kind < 6) return stepOfQuery(new WriteMaker(world).write())
  const { query, ordered } = new QueryMaker(world).query()
  return stepOfQuery(query, ordered)
}

const stepOfQuery = (query: { toOperationNode(): object }, ordered = false): Step => ({
  query: query.toOperationNode() as Exclude<Step, string>['query'],
  ordered,
})

/** The script that follows from decisions, or from a seed; and which they were. */
function scriptOf(from: number | Decisions): { script: Step[]; decisions: number[][] } {
  const count = typeof from === 'number' ? STEPS + 1 : from.length
  const decisions: number[][] = []
  const script: Step[] = []
  let made: World | undefined
  for (let i = 0; i < count; ++i) {
    const isRows = i > 0 && i <= ROWS
    const choices = new Choices(typeof from === 'number' ? from * 100 + i : from[i]!, isRows ? [0] : [])
    decisions.push(choices.made)
    if (made === undefined) {
      made = new World(choices)
      script.push(...made.create())
    } else script.push(stepOf(Object.assign(new World(choices), { tables: made.tables })))
  }
  return { script, decisions }
}

/** The first step that differs, and how. */
export async function firstDifference(script: readonly Step[]): Promise<(Difference & { at: number }) | undefined> {
  const lanes = new Lanes()
  try {
    for (const [at, step] of script.entries()) {
      const found = await lanes.run(step)
      if (found !== undefined) return { ...found, at }
    }
    return undefined
  } finally {
    lanes.close()
  }
}

/** What fails among the scripts of the seeds, each made small. */
export async function* failures(
  seed: number,
  statements: number,
  count: (statements: number, seed: number) => void,
): AsyncGenerator<Failure, void> {
  let done = 0
  for (let next = seed; done < statements; ++next) {
    const { script, decisions } = scriptOf(next)
    const found = await firstDifference(script)
    done += found === undefined ? script.length : found.at + 1
    count(done, next)
    if (found === undefined) continue
    const steps = decisions.slice(0, decisions.length - (script.length - found.at - 1))
    const small = await shrunk(steps, async candidate => {
      const tried = scriptOf(candidate).script
      const difference = await firstDifference(tried)
      return difference?.kind === found.kind && difference.at === tried.length - 1
    })
    const shortest = scriptOf(small).script
    yield { seed: next, ...((await firstDifference(shortest)) ?? found), script: shortest }
  }
}

/** A script as lines of JSON: SQL, or the tree of a query. */
export const toJson = (script: readonly Step[]): string => script.map(step => `${JSON.stringify(step)}\n`).join('')

export function fromJson(text: string): Step[] {
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('# '))
    .map(line => JSON.parse(line, revived) as Step)
}

/** Bytes are written as Node writes buffers. */
function revived(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown }
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data as number[]) : value
}

export const toText = (script: readonly Step[]): string => script.map(textOfStep).join('\n')
