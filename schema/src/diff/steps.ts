/** A difference in the making. */
import { applyOperation } from './apply.js'
import type { Hints, Question } from './hints.js'
import type { StoreModel } from './model.js'
import type { Operation } from './operations.js'

/** A change that no operation makes. */
export class UnsupportedChangeError extends Error {
  override readonly name = 'UnsupportedChangeError'
}

/** Collects operations, and knows what they have made of the store so far. */
export class Steps {
  readonly operations: Operation[] = []
  readonly questions: Question[] = []
  #used = new Set<string>()

  constructor(
    public model: StoreModel,
    readonly hints: Hints,
  ) {}

  push(operation: Operation): void {
    this.model = applyOperation(this.model, operation)
    this.operations.push(operation)
  }

  renameOf(section: 'tables' | 'columns' | 'collections', name: string): string | null | undefined {
    const to = this.hints.renames?.[section]?.[name]
    if (to !== undefined) this.#used.add(`renames.${section}.${name}`)
    return to
  }

  sqlFor(section: 'fill' | 'using', column: string): string | undefined {
    const text = this.hints[section]?.[column]
    if (text !== undefined) this.#used.add(`${section}.${column}`)
    return text
  }

  /** Hints that were not asked for are mistakes: of a name, mostly. */
  unusedHints(): string[] {
    const { renames = {}, fill = {}, using = {} } = this.hints
    const all = [
      ...Object.entries(renames).flatMap(([section, names]) =>
        Object.keys(names ?? {}).map(name => `renames.${section}.${name}`),
      ),
      ...Object.keys(fill).map(name => `fill.${name}`),
      ...Object.keys(using).map(name => `using.${name}`),
    ]
    return all.filter(name => !this.#used.has(name))
  }
}
