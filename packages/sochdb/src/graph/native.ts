/** What the addon gives for graphs (native/binding/graph.cc): JSON in, JSON out, in parts where it is much (graph_answer.h). `target` is a database, a transaction or a snapshot. */
import { native } from '../engine/index.js'

/** What is said to a request: JSON, or the parts of what a traversal found. */
export type GraphAnswer = string | readonly [head: string, ids: string, properties: string, edges: string] | undefined

interface NativeGraph {
  graphRead(target: number, request: string, timeoutMs: number): GraphAnswer
  graphWrite(target: number, changes: string): string
  asyncGraphRead(target: number, request: string, operation: number, timeoutMs: number): Promise<GraphAnswer>
  asyncGraphWrite(target: number, changes: string, operation: number, timeoutMs: number): Promise<string>
}

export const graph = native as unknown as NativeGraph
