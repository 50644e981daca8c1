import type { OperationNode } from 'kysely'
import { QueryError } from 'sochdb'
import type { Expression } from 'sochdb/internal'

/** Deeper trees than this are refused, so that none can exhaust the stack. */
const DEPTH_MAX = 400

/** One query on its way down: values leave the tree and become numbered parameters. */
export class LoweringContext {
  readonly parameters: unknown[] = []
  #depth = 0

  parameter(value: unknown): Expression {
    this.parameters.push(value)
    return { kind: 'parameter', index: this.parameters.length - 1 }
  }

  /** Runs one level down. */
  descend<T>(body: () => T): T {
    if (++this.#depth > DEPTH_MAX) {
      throw new QueryError(`The query is nested more than ${String(DEPTH_MAX)} levels deep: split it into several.`)
    }
    try {
      return body()
    } finally {
      this.#depth--
    }
  }
}

/** For what Kysely can say and the engine cannot do: names the node, so that nothing is dropped in silence. */
export function unsupported(what: string): QueryError {
  return new QueryError(`The SochDB dialect does not run ${what} yet.`)
}

/** The single way to read an optional part of a query node that would change its meaning if ignored. */
export function refuse(node: object, parts: Readonly<Record<string, string>>): void {
  for (const [part, what] of Object.entries(parts)) {
    const value = (node as Readonly<Record<string, unknown>>)[part]
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) continue
    throw unsupported(what)
  }
}

export const kindOf = (node: OperationNode): string => node.kind.replace(/Node$/, '')
