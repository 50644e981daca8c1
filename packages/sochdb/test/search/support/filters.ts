/** Random metadata and filters over it, and what they mean, spelled out as plainly as can be. */
import type { Metadata, MetadataFilter } from '../../../src/search/index.js'

type Scalar = string | number | boolean | null

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isScalar = (value: unknown): value is Scalar => typeof value !== 'object' || value === null

/** What a path leads to: undefined where it leads nowhere. */
function reach(metadata: Metadata, path: string): Scalar[] | undefined {
  let at: unknown[] = [metadata]
  const names = path.split('.')
  for (const [i, name] of names.entries()) {
    const objects = i === 0 ? at : at.flatMap(value => (Array.isArray(value) ? (value as unknown[]) : [value]))
    at = objects.filter(isObject).flatMap(object => (Object.hasOwn(object, name) ? [object[name]] : []))
  }
  if (at.length === 0) return undefined
  return at.flatMap(value => (Array.isArray(value) ? (value as unknown[]) : [value])).filter(isScalar)
}

/** By code points; undefined for values of unlike types, and those that have no order. */
function compare(a: Scalar, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return undefined
}

const equals = (a: Scalar, b: unknown): boolean => a === b || (a === 0 && b === 0)
const both = (a: Scalar, b: unknown, test: (a: string, b: string) => boolean): boolean =>
  typeof a === 'string' && typeof b === 'string' && test(a, b)

function passesOperator(metadata: Metadata, path: string, operator: string, operand: unknown): boolean {
  const values = reach(metadata, path)
  const any = (test: (value: Scalar) => boolean): boolean => values?.some(test) ?? false
  switch (operator.replace('$', '')) {
    case 'eq':
    case 'equals':
      return any(value => equals(value, operand))
    case 'ne':
      return !any(value => equals(value, operand))
    case 'gt':
      return any(value => (compare(value, operand) ?? 0) > 0)
    case 'gte':
      return any(value => (compare(value, operand) ?? -1) >= 0)
    case 'lt':
      return any(value => (compare(value, operand) ?? 0) < 0)
    case 'lte':
      return any(value => (compare(value, operand) ?? 1) <= 0)
    case 'in':
      return any(value => (operand as Scalar[]).some(each => equals(value, each)))
    case 'nin':
    case 'notIn':
      return !any(value => (operand as Scalar[]).some(each => equals(value, each)))
    case 'exists':
      return (values !== undefined) === operand
    case 'contains':
      return any(value => both(value, operand, (a, b) => a.includes(b)))
    case 'startsWith':
      return any(value => both(value, operand, (a, b) => a.startsWith(b)))
    case 'endsWith':
      return any(value => both(value, operand, (a, b) => a.endsWith(b)))
    case 'not':
      return !passesField(metadata, path, operand)
  }
  throw new Error(`no operator ${operator}`)
}

function passesField(metadata: Metadata, path: string, asked: unknown): boolean {
  if (!isObject(asked)) return passesOperator(metadata, path, 'eq', asked)
  return Object.entries(asked).every(([operator, operand]) => passesOperator(metadata, path, operator, operand))
}

export function passes(metadata: Metadata, filter: MetadataFilter): boolean {
  return Object.entries(filter).every(([name, asked]) => {
    if (name === '$not' || name === 'NOT') return !passes(metadata, asked as MetadataFilter)
    const filters = asked as MetadataFilter[]
    if (name === '$and' || name === 'AND') return filters.every(each => passes(metadata, each))
    if (name === '$or' || name === 'OR') return filters.some(each => passes(metadata, each))
    return passesField(metadata, name, asked)
  })
}

// --- random ones

export const paths = ['n', 's', 'tags', 'at', 'deep.n', 'deep.parts.s', 'odd', 'flag', 'never']
const long = 'x'.repeat(256)
const words = [
  '',
  'a',
  'ab',
  'abc',
  'b',
  'ba',
  'ß',
  'é',
  '😀',
  '\u{ffff}',
  'a\0b',
  'a"\\',
  long,
  `${long}y`,
  `${long}z`,
]
const numbers = [0, -0, 1, 2, 2.5, 3, -1, 1e300, -1e-300, 2024]
const dates = ['2024-01-01T00:00:00.000Z', '2024-06-30T12:00:00.000Z', '2025-01-01T00:00:00.000Z']

export class Chooser {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  is(share: number): boolean {
    return this.#random() < share
  }

  scalar(): Scalar {
    return this.of([() => this.of(words), () => this.of(numbers), () => this.of([true, false]), () => null])()
  }

  /** Mostly of the kind that this field has. */
  #operand(path: string): Scalar {
    if (this.is(0.2)) return this.scalar()
    if (path.endsWith('n')) return this.of(numbers)
    if (path === 'at') return this.of(dates)
    if (path === 'flag') return this.is(0.5)
    return path === 'odd' ? this.scalar() : this.of(words)
  }

  metadata(): Metadata {
    const made: Record<string, unknown> = {}
    const set = (name: string, value: () => unknown, share = 0.7): void => {
      if (this.is(share)) made[name] = value()
    }
    const some = (value: () => unknown): unknown[] => Array.from({ length: this.below(4) }, value)
    set('n', () => this.of(numbers))
    set('s', () => this.of(words))
    set('tags', () => some(() => (this.is(0.8) ? this.of(words) : this.is(0.5) ? [1] : { a: 1 })))
    set('at', () => this.of(dates))
    set('deep', () => ({
      ...(this.is(0.6) ? { n: this.is(0.3) ? some(() => this.of(numbers)) : this.of(numbers) } : {}),
      ...(this.is(0.7) ? { parts: some(() => (this.is(0.8) ? { s: this.scalar() } : this.scalar())) } : {}),
    }))
    set('odd', () => (this.is(0.7) ? this.scalar() : this.of<unknown>([[], {}, [[]], { a: 1 }, [null, 1, 'a', true]])))
    set('flag', () => this.is(0.5), 0.4)
    return made
  }

  #operators(path: string, depth: number): Record<string, unknown> {
    const operand = (): Scalar => this.#operand(path)
    const ordered = (): Scalar => {
      const value = operand()
      return typeof value === 'string' || typeof value === 'number' ? value : this.of(numbers)
    }
    const makers: (() => [string, unknown])[] = [
      () => [this.of(['$eq', 'eq', 'equals']), operand()],
      () => [this.of(['$ne', 'ne']), operand()],
      () => [this.of(['$gt', 'gt', '$gte', 'gte', '$lt', 'lt', '$lte', 'lte']), ordered()],
      () => [this.of(['$in', 'in', '$nin', 'nin', 'notIn', '$notIn']), Array.from({ length: this.below(4) }, operand)],
      () => [this.of(['$exists', 'exists']), this.is(0.5)],
      () => [
        this.of(['$contains', 'contains', '$startsWith', 'startsWith', '$endsWith', 'endsWith']),
        path === 'at' ? this.of(['2024', '-0', '00Z']) : this.of(words),
      ],
      () => [this.of(['$not', 'not']), depth > 3 ? operand() : this.field(path, depth + 1)],
    ]
    return Object.fromEntries(Array.from({ length: 1 + this.below(2) }, () => this.of(makers)()))
  }

  field(path: string, depth: number): unknown {
    return this.is(0.25) ? this.#operand(path) : this.#operators(path, depth)
  }

  filter(depth = 0): MetadataFilter {
    const made: Record<string, unknown> = {}
    const some = (): MetadataFilter[] => Array.from({ length: 1 + this.below(3) }, () => this.filter(depth + 1))
    if (depth < 3 && this.is(0.2)) made[this.of(['$and', 'AND'])] = some()
    if (depth < 3 && this.is(0.4)) made[this.of(['$or', 'OR'])] = some()
    if (depth < 3 && this.is(0.25)) made[this.of(['$not', 'NOT'])] = this.filter(depth + 1)
    const fields = Object.keys(made).length === 0 ? 1 + this.below(2) : this.below(2)
    for (let i = 0; i < fields; i++) {
      const path = this.of(paths)
      made[path] = this.field(path, depth)
    }
    return made as MetadataFilter
  }
}
