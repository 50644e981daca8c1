import type { OperationNode } from 'kysely'
import { QueryError } from 'sochdb'
import type { Expression } from 'sochdb/internal'
import type { Printer } from '../query-compiler.js'

/** Deeper trees than this are refused, so that none can exhaust the stack. */
const DEPTH_MAX = 400

/**
 * Thrown when a tree says something that only its text can: the statement takes the SQL lane then, where our parser gives it a
 * meaning or names what it does not know.
 */
export class OnlyAsText extends Error {}

const signal = new OnlyAsText('The statement is run as SQL text.')

/** Leaves the tree lane. One object for all: it is caught before anyone sees it, and a stack costs more than the lowering. */
export function onlyAsText(): never {
  throw signal
}

/** One query on its way down: values leave the tree and become numbered parameters. */
export class LoweringContext {
  readonly parameters: unknown[] = []
  readonly printer: Printer
  #depth = 0

  constructor(printer: Printer) {
    this.printer = printer
  }

  parameter(value: unknown): Expression {
    this.parameters.push(value)
    return { kind: 'parameter', index: this.parameters.length - 1 }
  }

  /** Runs one level down. */
  descend<T>(body: () => T): T {
    this.enter()
    const result = body()
    this.leave()
    return result
  }

  enter(): void {
    if (++this.#depth > DEPTH_MAX) {
      throw new QueryError(`The query is nested more than ${String(DEPTH_MAX)} levels deep: split it into several.`)
    }
  }

  leave(): void {
    this.#depth--
  }
}

/** Parts of a node that only its text can say: each has to be absent, or empty. */
export function asTextIf(...parts: readonly unknown[]): void {
  for (const part of parts) {
    if (part === undefined || part === false || (Array.isArray(part) && part.length === 0)) continue
    onlyAsText()
  }
}

export const isKind = <N extends OperationNode>(node: OperationNode, kind: N['kind']): node is N => node.kind === kind
