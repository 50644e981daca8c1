/** Metadata on its way into the engine: checked, and written as JSON. */
import { InvalidMetadataError } from '../errors/index.js'

/** A document's metadata: a JSON object. */
export type Metadata = Readonly<Record<string, unknown>>

/** How deep arrays and objects may lie in each other; the engine's own limit (native/base/json.h). */
const MAX_DEPTH = 64
/** More values cannot fit into a document, and counting them ends what refers to itself in a thousand ways. */
const MAX_VALUES = 1024 * 1024

interface Problem {
  readonly path: string
  readonly what: string
}

/** What has metadata, and what that is called there. */
export interface Described {
  readonly kind: string
  readonly member: string
  /** How deep the engine finds it in other JSON. */
  readonly depth: number
}
const DOCUMENT: Described = { kind: 'Document', member: 'metadata', depth: 0 }

/**
 * Metadata as JSON text; `{}` for undefined. Properties that are undefined are left out.
 *
 * @throws InvalidMetadataError for anything that JSON cannot say: it names the place
 */
export function encodeMetadata(metadata: unknown, id: string, of: Described = DOCUMENT): string {
  if (metadata === undefined) return '{}'
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)
  const problem = isObject
    ? find(metadata, of.depth, { left: MAX_VALUES })
    : { path: '', what: `is ${describeValue(metadata)}` }
  if (problem !== undefined) throw invalid(of, id, `${problem.path} ${problem.what}`, problem.path)
  try {
    return JSON.stringify(metadata)
  } catch (cause) {
    throw invalid(of, id, ` cannot be written as JSON: ${(cause as Error).message}`, '', cause)
  }
}

function invalid(of: Described, id: string, what: string, path: string, cause?: unknown): InvalidMetadataError {
  const shown = id.length > 60 ? `${id.slice(0, 60)}…` : id
  return new InvalidMetadataError(`${of.kind} "${shown}": ${of.member}${what}.`, {
    details: { id, path: `${of.member}${path}` },
    cause,
  })
}

/** What JSON cannot say, and where; undefined when it can say all of it. */
function find(value: unknown, depth: number, budget: { left: number }): Problem | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : { path: '', what: `is ${String(value)}` }
    case 'object':
      break
    default:
      return { path: '', what: `is ${describeValue(value)}` }
  }
  if (value === null) return undefined
  if (depth >= MAX_DEPTH) return { path: '', what: `is nested more than ${MAX_DEPTH} deep, or refers to itself` }
  return Array.isArray(value) ? findInArray(value, depth, budget) : findInObject(value, depth, budget)
}

function findInArray(values: readonly unknown[], depth: number, budget: { left: number }): Problem | undefined {
  for (let i = 0; i < values.length; i++) {
    if (--budget.left < 0) return tooMuch
    const problem = find(values[i], depth + 1, budget)
    if (problem !== undefined) return { path: `[${i}]${problem.path}`, what: problem.what }
  }
  return undefined
}

function findInObject(object: object, depth: number, budget: { left: number }): Problem | undefined {
  if (!isPlain(object)) return { path: '', what: `is ${describeValue(object)}` }
  for (const key of Object.keys(object)) {
    if (--budget.left < 0) return tooMuch
    const value = (object as Record<string, unknown>)[key]
    if (value === undefined) continue
    const problem = find(value, depth + 1, budget)
    if (problem !== undefined) return { path: `.${key}${problem.path}`, what: problem.what }
  }
  return undefined
}

const tooMuch: Problem = { path: '', what: 'holds more values than a document can' }

/** Made by a literal or by JSON.parse, in whatever realm. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** `a Map`, `a function`, `a bigint`, `undefined`. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  if (Array.isArray(value)) return 'an array'
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (tag !== 'Object') return tag === 'Date' ? 'a Date (write date.toISOString())' : `a ${tag}`
  return isPlain(value) ? 'an object' : 'an instance of a class'
}
