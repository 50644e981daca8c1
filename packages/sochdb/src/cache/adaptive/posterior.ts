/**
 * How near a question has to be to one entry, as far as is known: a logistic curve, P(right | similarity s) = 1 / (1 + e^(-g(s - t))),
 * whose middle t and steepness g are not known, but for their probability over a grid. After vCache (arXiv 2502.03771), with the
 * prior learned from all entries of the cache (the mixture that makes what was seen most likely), so that a new entry
 * profits from the others.
 */
const FIRST_MIDDLE = 0.5
const LAST_MIDDLE = 1.1
const STEP = 0.02
const STEEPNESS = [4, 8, 16, 32, 64, 128, 256]
/** Of answers that are right or wrong whatever the similarity says. */
const NOISE = 0.002
/** Entries that a prior of no entries counts as. */
const PRIOR_ENTRIES = 5

/** Cells that are less probable than e to this, next to the best, count for nothing. */
const LEAST_LOG = -40

const middles: number[] = []
const slopes: number[] = []
for (let i = 0; FIRST_MIDDLE + i * STEP <= LAST_MIDDLE + STEP / 2; i++) {
  for (const slope of STEEPNESS) {
    middles.push(FIRST_MIDDLE + i * STEP)
    slopes.push(slope)
  }
}
const CELLS = middles.length

const right = (cell: number, similarity: number): number =>
  NOISE + (1 - 2 * NOISE) / (1 + Math.exp(-slopes[cell]! * (similarity - middles[cell]!)))

/** What the cells say of one similarity. */
interface Column {
  readonly wrong: Float64Array
  readonly logRight: Float64Array
  readonly logWrong: Float64Array
}

/** Similarities are told apart to a thousandth: so many columns are kept at most, each made when it is first asked for. */
const columns = new Map<number, Column>()
const THOUSAND = 1000

function columnAt(similarity: number): Column {
  const thousandths = Math.round(similarity * THOUSAND)
  let column = columns.get(thousandths)
  if (column === undefined) {
    const p = Float64Array.from(middles, (_, cell) => right(cell, thousandths / THOUSAND))
    column = { wrong: p.map(x => 1 - x), logRight: p.map(Math.log), logWrong: p.map(x => Math.log(1 - x)) }
    columns.set(thousandths, column)
  }
  return column
}

/** Weights of the grid's cells; they add up to 1. */
export type Grid = Float64Array

export const evenPrior = (): Grid => new Float64Array(CELLS).fill(1 / CELLS)

/** What was seen of one entry: the logarithm of its likelihood in every cell. */
export class Likelihood {
  readonly logs = new Float64Array(CELLS)
  seen = 0

  add(similarity: number, isRight: boolean): void {
    const column = columnAt(similarity)
    const added = isRight ? column.logRight : column.logWrong
    for (let cell = 0; cell < CELLS; cell++) this.logs[cell]! += added[cell]!
    this.seen++
  }

  posterior(prior: Grid): Grid {
    let most = -Infinity
    for (const log of this.logs) if (log > most) most = log
    const weights = new Float64Array(CELLS)
    let sum = 0
    for (let cell = 0; cell < CELLS; cell++) {
      const log = this.logs[cell]! - most
      if (log > LEAST_LOG) sum += weights[cell] = prior[cell]! * Math.exp(log)
    }
    for (let cell = 0; cell < CELLS; cell++) weights[cell]! /= sum
    return weights
  }
}

/** The probability that an answer at this similarity is wrong. */
export function errorAt(weights: Grid, similarity: number): number {
  const { wrong } = columnAt(similarity)
  let sum = 0
  for (let cell = 0; cell < CELLS; cell++) sum += weights[cell]! * wrong[cell]!
  return sum
}

/** One step towards the prior under which everything seen is most likely. */
export function improvePrior(prior: Grid, entries: Iterable<Likelihood>): Grid {
  const sum = evenPrior().map(weight => weight * PRIOR_ENTRIES)
  let count = PRIOR_ENTRIES
  for (const entry of entries) {
    const posterior = entry.posterior(prior)
    for (let cell = 0; cell < CELLS; cell++) sum[cell]! += posterior[cell]!
    count++
  }
  return sum.map(weight => weight / count)
}
