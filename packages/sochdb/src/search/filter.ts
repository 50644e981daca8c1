/** Filters on metadata, as they are written, and as the engine takes them. */
import { ValidationError } from '../errors/index.js'
import { describeValue, isPlain } from './metadata.js'

/** What metadata can be compared with. */
export type FilterValue = string | number | boolean | null

/** How a field is asked about: by its value, or by an operator. */
export type FieldFilter = FilterValue | { readonly $eq: FilterValue } | { readonly equals: FilterValue }

/**
 * Which documents to look at: those whose fields equal the values. Dotted names reach nested metadata; an array field equals
 * a value when any of its elements does; `null` means a field that is null. Several fields, and the filters of `$and` (or
 * `AND`), must all hold.
 *
 * @example { author: 'Alice', 'source.year': 2024 }
 */
export interface MetadataFilter {
  readonly [field: string]: FieldFilter | readonly MetadataFilter[]
}

/** Operators that the language of filters has and this version does not. */
const notAvailable = new Set(
  ['ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'not', 'exists', 'contains', 'startsWith', 'endsWith', 'or', 'and']
    .flatMap(name => [name, `$${name}`])
    .concat('notIn', '$notIn', 'OR', 'NOT', 'AND'),
)
const alwaysOperators = new Set(['$and', 'AND', '$or', 'OR', '$not', 'NOT'])

const MAX_TESTS = 64
const MAX_DEPTH = 32

type Test = readonly [path: string, value: FilterValue]

/**
 * The tests of a filter as JSON: pairs of path and value, all of which must hold; undefined when there are none.
 *
 * @throws ValidationError for operators that do not exist or are not available, and for values that cannot be compared
 */
export function compileFilter(filter: unknown): string | undefined {
  if (filter === undefined) return undefined
  const tests: Test[] = []
  collect(filter, 'filter', tests, 0)
  return tests.length === 0 ? undefined : JSON.stringify(tests)
}

function collect(filter: unknown, place: string, tests: Test[], depth: number): void {
  if (!isPlainObject(filter)) throw bad(`${place} must be an object; this one is ${describeValue(filter)}.`)
  if (depth === MAX_DEPTH) throw bad(`A filter is nested at most ${MAX_DEPTH} deep.`)
  for (const field of Object.keys(filter)) {
    const value = filter[field]
    if (field === '$and' || field === 'AND') {
      if (!Array.isArray(value)) throw bad(`"${field}" takes an array of filters; this is ${describeValue(value)}.`)
      value.forEach((each, i) => collect(each, `${field}[${i}]`, tests, depth + 1))
    } else if (field.startsWith('$') || alwaysOperators.has(field)) {
      throw operatorError(field)
    } else if (isPlainObject(value)) {
      collectOperators(field, value, tests)
    } else {
      add(field, value, tests)
    }
  }
}

function collectOperators(field: string, operators: Readonly<Record<string, unknown>>, tests: Test[]): void {
  const names = Object.keys(operators)
  if (names.length === 0) throw bad(`The filter of "${field}" is an empty object: give it a value, or an operator.`)
  for (const name of names) {
    if (name !== '$eq' && name !== 'equals') throw operatorError(name, field)
    add(field, operators[name], tests)
  }
}

function add(field: string, value: unknown, tests: Test[]): void {
  const isScalar =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  if (!isScalar) {
    const what = typeof value === 'number' ? String(value) : describeValue(value)
    throw bad(`The filter of "${field}" compares with a string, a finite number, a boolean or null; this is ${what}.`)
  }
  if (tests.length === MAX_TESTS) throw bad(`A filter has at most ${MAX_TESTS} tests.`)
  tests.push([field, value as FilterValue])
}

function operatorError(name: string, field?: string): ValidationError {
  if (notAvailable.has(name)) {
    return new ValidationError(
      `The filter operator "${name}" is not available in this version, which tests equality.`,
      {
        details: { operator: name },
        remediation: 'Filter by equality ({ field: value }, $eq, $and), and apply the rest to the results.',
      },
    )
  }
  const hint =
    field === undefined || name.startsWith('$') ? '' : ` Nested metadata is reached by a path: "${field}.${name}".`
  return new ValidationError(`"${name}" is no filter operator.${hint}`, { details: { operator: name } })
}

function bad(message: string): ValidationError {
  return new ValidationError(message, { details: { argument: 'filter' } })
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value)
}
