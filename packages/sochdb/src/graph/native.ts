/** What the addon gives for graphs (native/binding/graph.cc): JSON in, JSON out. `target` is a database, a transaction or a snapshot. */
import { native } from '../engine/index.js'

interface NativeGraph {
  graphRead(target: number, request: string, timeoutMs: number): string | undefined
  graphWrite(target: number, changes: string): string
  asyncGraphRead(target: number, request: string, operation: number, timeoutMs: number): Promise<string | undefined>
  asyncGraphWrite(target: number, changes: string, operation: number, timeoutMs: number): Promise<string>
}

export const graph = native as unknown as NativeGraph
