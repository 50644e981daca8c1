/** The values of a statement as it is made, and the names of what it joins. */
import { ValidationError } from '../errors/index.js'
import type { Expression } from '../sql/ast/nodes.js'

/** Values in one statement at most: more would not fit into a plan, and finding that out takes seconds. */
const VALUES_MAX = 250_000

export class Parameters {
  readonly values: unknown[] = []
  #aliases = 0

  add(value: unknown): Expression {
    if (this.values.length === VALUES_MAX) {
      throw new ValidationError(`One statement takes at most ${String(VALUES_MAX)} values: split the list.`)
    }
    this.values.push(value)
    return { kind: 'parameter', index: this.values.length - 1 }
  }

  /** A name that no table of a schema can have. */
  alias(): string {
    return `related ${String(++this.#aliases)}`
  }
}

/** All of these, some of which may be absent. */
export function both(...conditions: readonly (Expression | undefined)[]): Expression | undefined {
  const operands = conditions.filter(condition => condition !== undefined)
  return operands.length <= 1 ? operands[0] : { kind: 'and', operands }
}
