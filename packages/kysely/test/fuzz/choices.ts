/** Random decisions that can be made again, and made smaller: what fails is shrunk by shrinking what was decided. */
import { Random } from '../../../sochdb/test/sql/random.js'

/** Plays back decisions; behind the last one each is the simplest. */
export class Choices extends Random {
  readonly made: number[] = []
  readonly #given: readonly number[]
  readonly #isReplay: boolean

  /** From a seed, whose `first` decisions are given; or from all that were made before. */
  constructor(from: number | readonly number[], first: readonly number[] = []) {
    super(typeof from === 'number' ? from : 1)
    this.#given = typeof from === 'number' ? first : from
    this.#isReplay = typeof from !== 'number'
  }

  override next(): number {
    const value = this.#given[this.made.length] ?? (this.#isReplay ? 0 : super.next())
    this.made.push(value)
    return value
  }

  /** 0 says no: without decisions nothing is added. */
  override chance(probability: number): boolean {
    return this.next() >= 1 - probability
  }
}

type Fails = (script: readonly (readonly number[])[]) => Promise<boolean>

/** Runs at most; what takes more is small enough. */
const TRIES = 1500

/** A script whose last step fails, by fewer steps, and by fewer and simpler decisions. The first step, the schema, stays. */
export async function shrunk(script: readonly (readonly number[])[], fails: Fails): Promise<(readonly number[])[]> {
  let tries = 0
  let current = [...script]
  const takes = async (candidate: (readonly number[])[]): Promise<boolean> => {
    if (++tries > TRIES || !(await fails(candidate))) return false
    current = candidate
    return true
  }
  const without = (at: number) => takes(current.filter((_, i) => i !== at))
  for (let at = current.length - 2; at >= 1; --at) await without(at)
  for (let before = -1; before !== sizeOf(current) && tries < TRIES;) {
    before = sizeOf(current)
    for (let at = current.length - 1; at >= 0; --at) {
      const withStep = (step: readonly number[]) => takes(current.map((each, i) => (i === at ? step : each)))
      await fewer(() => current[at]!, withStep)
      await simpler(() => current[at]!, withStep)
    }
    for (let at = current.length - 2; at >= 1; --at) await without(at)
  }
  return current
}

const sizeOf = (script: readonly (readonly number[])[]): number =>
  script.reduce((sum, step) => sum + step.length + step.filter(choice => choice > 0).length, 0)

type Takes = (step: readonly number[]) => Promise<boolean>

async function fewer(step: () => readonly number[], takes: Takes): Promise<void> {
  for (let size = step().length >> 1; size >= 1; size >>= 1) {
    for (let at = step().length - size; at >= 0; at -= size) {
      await takes([...step().slice(0, at), ...step().slice(at + size)])
    }
  }
}

async function simpler(step: () => readonly number[], takes: Takes): Promise<void> {
  for (let at = 0; at < step().length; ++at) {
    const choice = step()[at]!
    if (choice > 0) await takes(step().map((each, i) => (i === at ? 0 : each)))
  }
}
