/** What the parts of a generated client's graph share: the contract's types, the graph of a target, and checked properties. */
import type { Contract, EdgeContract, JsonSchema, NodeContract } from '@sochdb/schema/contract'
import { completerFor, type Completer } from '@sochdb/schema/validator'
import type { Transaction } from '../database/index.js'
import { isTransaction } from '../engine/index.js'
import { ValidationError } from '../errors/index.js'
import type { Graph, GraphNode } from '../graph/index.js'
import { describe, isPlainObject } from './check.js'
import type { QueryTarget } from './types.js'

export type Fields = Readonly<Record<string, unknown>>

export class GraphContext {
  readonly nodes: readonly NodeContract[]
  readonly edges: readonly EdgeContract[]
  readonly #target: QueryTarget
  readonly #completers = new Map<JsonSchema, Completer>()

  constructor(contract: Contract, target: QueryTarget) {
    this.nodes = Object.values(contract.nodes)
    this.edges = Object.values(contract.edges)
    this.#target = target
  }

  graph(): Graph {
    return this.#target().graph()
  }

  /** What reads before it writes, as one transaction, or as a part of the one that is open. */
  atomically<T>(body: (graph: Graph) => T): T {
    const target = this.#target()
    if (isTransaction(target)) return body(target.graph())
    return target.transaction((transaction: Transaction) => body(transaction.graph()))
  }

  /**
   * Properties to store, with the defaults of their schema filled in.
   *
   * @throws ValidationError naming what they are of, and the path
   */
  complete(schema: JsonSchema, given: unknown, what: string): Fields {
    if (given !== undefined && !isPlainObject(given)) {
      throw new ValidationError(`The properties of ${what} are an object, not ${describe(given)}.`, {
        details: { argument: 'properties' },
      })
    }
    let complete = this.#completers.get(schema)
    if (complete === undefined) this.#completers.set(schema, (complete = completerFor(schema)))
    const result = complete(given ?? {})
    if (result.ok) return result.value as Fields
    throw new ValidationError(`The properties of ${what}: ${result.problem}.`, { details: { argument: 'properties' } })
  }

  /** The properties that there are with a patch applied: whole, as `complete` has them. */
  patched(schema: JsonSchema, stored: Fields, patch: unknown, what: string): Fields {
    if (!isPlainObject(patch)) {
      throw new ValidationError(`A change of ${what} is an object of properties, not ${describe(patch)}.`, {
        details: { argument: 'patch' },
      })
    }
    const merged = Object.entries({ ...stored, ...patch }).filter(([, value]) => value !== undefined)
    return this.complete(schema, Object.fromEntries(merged), what)
  }
}

/** A node's or an edge's name in a message. */
export const called = (type: string, id: unknown): string =>
  `${type} "${String(id).length > 60 ? `${String(id).slice(0, 60)}…` : String(id)}"`

/** @throws ValidationError when a node is of another type than it should be */
export function refuseOther(node: GraphNode | undefined, type: string): void {
  if (node === undefined || node.nodeType === type || node.nodeType === '') return
  throw new ValidationError(`Node "${node.id}" is of type "${node.nodeType}", not "${type}".`, {
    details: { nodeId: node.id, nodeType: node.nodeType, expected: type },
    remediation: 'Give this one another id, or delete the other.',
  })
}
