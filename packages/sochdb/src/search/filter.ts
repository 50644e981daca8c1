/** Filters on metadata, as they are written, and as the engine takes them. */
import { ValidationError } from '../errors/index.js'
import { didYouMean } from '../sql/problem.js'
import { describeValue, isPlain } from './metadata.js'

/** What metadata can be compared with. */
export type FilterValue = string | number | boolean | null

/**
 * How a field is asked about. Several operators must all hold. Each name works without its `$` too; `equals` is `$eq`, `notIn`
 * is `$nin`.
 */
export interface FieldOperators {
  /** Equals the value. `null` is a field that is null, not one that is missing. */
  readonly $eq?: FilterValue
  /** Does not equal the value, or is missing. */
  readonly $ne?: FilterValue
  /** Numbers compare with numbers, strings with strings, by code points: so do dates as ISO strings. */
  readonly $gt?: string | number
  readonly $gte?: string | number
  readonly $lt?: string | number
  readonly $lte?: string | number
  /** Equals any of the values. */
  readonly $in?: readonly FilterValue[]
  /** Equals none of the values, or is missing. */
  readonly $nin?: readonly FilterValue[]
  /** What it says does not hold: also where the field is missing. */
  readonly $not?: FieldFilter
  /** Whether the field is there, with whatever value. */
  readonly $exists?: boolean
  /** A string that contains this one. Upper and lower case differ. */
  readonly $contains?: string
  readonly $startsWith?: string
  readonly $endsWith?: string

  readonly eq?: FilterValue
  readonly equals?: FilterValue
  readonly ne?: FilterValue
  readonly gt?: string | number
  readonly gte?: string | number
  readonly lt?: string | number
  readonly lte?: string | number
  readonly in?: readonly FilterValue[]
  readonly nin?: readonly FilterValue[]
  readonly notIn?: readonly FilterValue[]
  readonly $notIn?: readonly FilterValue[]
  readonly not?: FieldFilter
  readonly exists?: boolean
  readonly contains?: string
  readonly startsWith?: string
  readonly endsWith?: string
}

/** How a field is asked about: by its value, or by operators. */
export type FieldFilter = FilterValue | FieldOperators

/**
 * Which documents to look at, by their metadata. Several fields must all pass. `$and`, `$or` (arrays of filters) and `$not` (a
 * filter), also written `AND`, `OR` and `NOT`, combine filters. `AND` takes a single filter too.
 *
 * Dotted names reach nested metadata. An array passes when any of its elements does. A field that is missing passes `$ne`, `$nin`,
 * `$not` and `$exists: false`, nothing else; values of unlike types are neither equal nor greater nor less.
 *
 * @example { author: 'Alice', 'source.year': { $gte: 2020 }, $or: [{ lang: 'en' }, { tags: { $in: ['a', 'b'] } }] }
 */
export interface MetadataFilter {
  readonly [field: string]: FieldFilter | MetadataFilter | readonly MetadataFilter[]
}

// Limits of the engine (native/index/document/metadata_filter.h). Its text is nested at most 64 deep, and each level of a filter
// takes two of it.
const MAX_DEPTH = 30
const MAX_TESTS = 1024
const MAX_VALUES = 16 * 1024
const MAX_BYTES = 1024 * 1024
const MAX_PATH_BYTES = 1024

/** A filter as the engine takes it: an operator and its operands, which may be filters. */
type Node = readonly [operator: string, ...operands: (FilterValue | Node)[]]

type Rule = (filter: Compiler, field: string, operand: unknown, name: string, depth: number) => Node

const comparison =
  (operator: string): Rule =>
  (filter, field, operand, name) =>
    filter.test([operator, field, comparable(operand, field, name)])
const ofString =
  (operator: string): Rule =>
  (filter, field, operand, name) =>
    filter.test([operator, field, text(operand, field, name)])
const negated =
  (rule: Rule): Rule =>
  (...given) => ['not', rule(...given)]

const equal: Rule = (filter, field, operand) => filter.test(['eq', field, scalar(operand, field)])
const isIn: Rule = (filter, field, operand, name) => filter.test(['in', field, ...list(operand, field, name)])
const exists: Rule = (filter, field, operand, name) => {
  if (typeof operand !== 'boolean') throw wrongOperand(field, name, 'true or false', operand)
  const test = filter.test(['exists', field])
  return operand ? test : ['not', test]
}

const rules: Readonly<Record<string, Rule>> = {
  eq: equal,
  equals: equal,
  ne: negated(equal),
  gt: comparison('gt'),
  gte: comparison('gte'),
  lt: comparison('lt'),
  lte: comparison('lte'),
  in: isIn,
  nin: negated(isIn),
  notIn: negated(isIn),
  not: (filter, field, operand, _, depth) => ['not', filter.field(field, operand, depth + 1)],
  exists,
  contains: ofString('contains'),
  startsWith: ofString('startsWith'),
  endsWith: ofString('endsWith'),
}

/** By every name that may stand with a field. */
const fieldOperators: ReadonlyMap<string, Rule> = new Map(
  Object.entries(rules).flatMap(([name, rule]): [string, Rule][] =>
    name === 'equals'
      ? [[name, rule]]
      : [
          [`$${name}`, rule],
          [name, rule],
        ],
  ),
)
const logic: ReadonlyMap<string, 'and' | 'or' | 'not'> = new Map([
  ['$and', 'and'],
  ['AND', 'and'],
  ['$or', 'or'],
  ['OR', 'or'],
  ['$not', 'not'],
  ['NOT', 'not'],
])

/**
 * A filter as the engine's JSON; undefined when it passes everything.
 *
 * @throws ValidationError for operators that do not exist, and operands that they do not take
 */
export function compileFilter(filter: unknown): string | undefined {
  if (filter === undefined) return undefined
  const node = new Compiler().filter(filter, 'filter', 0)
  if (isEverything(node)) return undefined
  const json = JSON.stringify(node)
  if (Buffer.byteLength(json) > MAX_BYTES) throw bad('A filter takes at most 1 MiB of text, names and values together.')
  return json
}

/** The same for an operation that must not run without one. */
export function requireFilter(filter: unknown, place: string): string {
  if (filter === undefined) {
    throw new ValidationError(`${place} takes a filter.`, {
      details: { argument: 'filter' },
      remediation: 'For all documents pass an empty one: {}.',
    })
  }
  return compileFilter(filter) ?? '["and"]'
}

class Compiler {
  #tests = 0
  #values = 0

  filter(filter: unknown, place: string, depth: number): Node {
    if (!isPlainObject(filter)) throw bad(`${place} must be an object; this one is ${describeValue(filter)}.`)
    checkDepth(depth)
    return all(Object.keys(filter).map(name => this.#member(name, filter[name], place, depth)))
  }

  /** What is asked of one field. */
  field(field: string, asked: unknown, depth: number): Node {
    checkDepth(depth)
    if (!isPlainObject(asked)) return equal(this, field, asked, '$eq', depth)
    const names = Object.keys(asked)
    if (names.length === 0) throw bad(`The filter of "${field}" is an empty object: give it a value, or an operator.`)
    return all(
      names.map(name => {
        const rule = fieldOperators.get(name)
        if (rule === undefined) throw unknownOperator(name, field)
        return rule(this, field, asked[name], name, depth)
      }),
    )
  }

  test(test: Node): Node {
    if (++this.#tests > MAX_TESTS) throw bad(`A filter has at most ${MAX_TESTS} tests.`)
    this.#values += test.length - 2
    if (this.#values > MAX_VALUES) throw bad(`A filter compares with at most ${MAX_VALUES} values.`)
    return test
  }

  #member(name: string, operand: unknown, place: string, depth: number): Node {
    const operator = logic.get(name)
    if (operator === undefined) {
      if (name.startsWith('$')) throw unknownOperator(name)
      checkPath(name)
      return this.field(name, operand, depth)
    }
    const inner = place === 'filter' ? name : `${place}.${name}`
    if (operator === 'not' || (name === 'AND' && isPlainObject(operand))) {
      const node = this.filter(operand, inner, depth + 1)
      return operator === 'not' ? ['not', node] : node
    }
    if (!Array.isArray(operand)) throw bad(`"${name}" takes an array of filters; this is ${describeValue(operand)}.`)
    const filters = Array.from(operand, (each: unknown, i) => this.filter(each, `${inner}[${i}]`, depth + 1))
    return operator === 'and' ? all(filters) : filters.length === 1 ? filters[0]! : ['or', ...filters]
  }
}

const isEverything = (node: Node): boolean => node[0] === 'and' && node.length === 1

function all(nodes: readonly Node[]): Node {
  const wanted = nodes.filter(node => !isEverything(node))
  return wanted.length === 1 ? wanted[0]! : ['and', ...wanted]
}

function checkDepth(depth: number): void {
  if (depth >= MAX_DEPTH) throw bad(`A filter is nested at most ${MAX_DEPTH} deep.`)
}

function checkPath(path: string): void {
  if (path.split('.').includes('')) {
    throw bad(`"${path}" is no path into metadata: it has a name before and after each dot.`)
  }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw bad(`A path into metadata has at most ${MAX_PATH_BYTES} bytes; "${path.slice(0, 40)}…" has more.`)
  }
}

// --- operands

const isFilterValue = (value: unknown): value is FilterValue =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value))

function scalar(value: unknown, field: string): FilterValue {
  if (isFilterValue(value)) return value
  throw bad(
    `The filter of "${field}" compares with a string, a finite number, a boolean or null; this is ${show(value)}.`,
    Array.isArray(value) ? `Write { "${field}": { $in: […] } } for a field that equals any of them.` : undefined,
  )
}

function comparable(value: unknown, field: string, name: string): string | number {
  if (isFilterValue(value) && (typeof value === 'string' || typeof value === 'number')) return value
  throw wrongOperand(field, name, 'a string or a finite number', value)
}

function text(value: unknown, field: string, name: string): string {
  if (typeof value === 'string') return value
  const remediation = `Whether an array holds a value is asked without an operator: { "${field}": value }.`
  throw wrongOperand(field, name, 'a string', value, name.endsWith('contains') ? remediation : undefined)
}

function list(value: unknown, field: string, name: string): FilterValue[] {
  if (!Array.isArray(value)) throw wrongOperand(field, name, 'an array of values', value)
  return Array.from(value, (each: unknown, i) => {
    if (isFilterValue(each)) return each
    throw wrongOperand(field, `${name}[${i}]`, 'a string, a finite number, a boolean or null', each)
  })
}

const show = (value: unknown): string => (typeof value === 'number' ? String(value) : describeValue(value))

function wrongOperand(
  field: string,
  name: string,
  wanted: string,
  value: unknown,
  remediation?: string,
): ValidationError {
  return bad(`${name} of "${field}" takes ${wanted}; this is ${show(value)}.`, remediation)
}

function unknownOperator(name: string, field?: string): ValidationError {
  const candidates = field === undefined ? logic.keys() : fieldOperators.keys()
  let hint = didYouMean(name, candidates)
  if (field === undefined && fieldOperators.has(name)) {
    return bad(`"${name}" stands with a field: { field: { ${name}: … } }.`, undefined, name)
  }
  if (field !== undefined && logic.has(name)) {
    return bad(
      `"${name}" combines filters and stands above the fields: { ${name}: [{ "${field}": … }] }.`,
      undefined,
      name,
    )
  }
  if (field !== undefined && !name.startsWith('$')) {
    hint += ` Nested metadata is reached by a path: "${field}.${name}".`
  }
  const known = Object.keys(rules).flatMap(rule => (rule === 'equals' || rule === 'notIn' ? [] : [`$${rule}`]))
  const remediation = `Operators of a field: ${known.join(', ')}. Of filters: $and, $or, $not.`
  return bad(`"${name}" is no filter operator.${hint}`, remediation, name)
}

function bad(message: string, remediation?: string, operator?: string): ValidationError {
  return new ValidationError(message, {
    details: { argument: 'filter', ...(operator === undefined ? {} : { operator }) },
    ...(remediation === undefined ? {} : { remediation }),
  })
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value)
}
