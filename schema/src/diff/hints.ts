/** What a difference between two contracts does not say by itself. */

/** Names are those in the store. A column is named `table.column`, its table as it is called afterwards unless said otherwise. */
export interface Hints {
  readonly renames?: {
    /** Former name to new name; `null`: it is gone, and what is new is another one. */
    readonly tables?: Readonly<Record<string, string | null>>
    /** `table.column` as both were called before, to the column's new name. */
    readonly columns?: Readonly<Record<string, string | null>>
    readonly collections?: Readonly<Record<string, string | null>>
  }
  /** SQL over the row for columns that are added: `"name": "first || ' ' || last"`. */
  readonly fill?: Readonly<Record<string, string>>
  /** SQL over the row for columns whose type changes. */
  readonly using?: Readonly<Record<string, string>>
}

/** Something that only a person knows: is this the same thing under another name? */
export interface Question {
  readonly kind: 'rename'
  readonly of: 'table' | 'column' | 'collection'
  /** As it stands in `hints.renames`. */
  readonly name: string
  readonly candidates: readonly string[]
}

/** Hints that name nothing, or are no hints. */
export class HintError extends Error {
  override readonly name = 'HintError'
}

const sections = ['tables', 'columns', 'collections']

/** @throws HintError with what is wrong */
export function checkHints(value: unknown): Hints {
  const members = recordOf('Hints', value)
  for (const [name, section] of Object.entries(members)) {
    if (name === 'fill' || name === 'using') {
      for (const [column, text] of Object.entries(recordOf(`"${name}"`, section))) {
        if (typeof text !== 'string' || text === '') throw new HintError(`${name}: "${column}" takes SQL as a string.`)
        if (!column.includes('.')) throw new HintError(`${name}: "${column}" is no column: write table.column.`)
      }
    } else if (name === 'renames') {
      for (const [what, renames] of Object.entries(recordOf('"renames"', section))) {
        if (!sections.includes(what)) throw new HintError(`renames has no "${what}"; it has ${sections.join(', ')}.`)
        for (const [from, to] of Object.entries(recordOf(`"renames.${what}"`, renames))) {
          if (to !== null && (typeof to !== 'string' || to === ''))
            throw new HintError(`renames.${what}: "${from}" takes a name, or null where it is gone.`)
        }
      }
    } else throw new HintError(`Hints have no "${name}"; they have renames, fill and using.`)
  }
  return members as Hints
}

function recordOf(what: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new HintError(`${what} must be an object.`)
}
