/** What the engine is asked of a graph, and what its answer means. Who runs a plan, and in which namespace, is not known here. */
import type { GraphAnswer } from './native.js'

export interface GraphPlan<T> {
  readonly writes: boolean
  /** JSON. */
  readonly text: string
  readonly decode: (answer: GraphAnswer) => T
  /** What is read where there is no graph. */
  readonly empty: T
  readonly asOf?: bigint | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs: number
}
