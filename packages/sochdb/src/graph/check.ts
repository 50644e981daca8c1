/** What is asked of graphs, checked: every member is honoured or refused, by an error that names it. */
import { boolean, checkOptions, MAX_TIMEOUT_MS, oneOf, whole } from '../engine/check.js'
import type { Check } from '../engine/check.js'
import { describe } from '../bytes/bytes.js'
import { ValidationError } from '../errors/index.js'
import { compileFilter } from '../search/filter.js'
import { encodeMetadata } from '../search/metadata.js'
import type { Described } from '../search/metadata.js'
import type { Moment } from './types.js'

/** The engine's own limit (native/index/graph/graph_keys.h), in bytes. */
const MAX_TEXT_BYTES = 4096
/** Of a Date. */
const MAX_MOMENT = 8.64e15
const MAX_TYPES = 1024
/** Of a graph, and of their names in bytes (native/index/graph/graph_index.h, metadata_filter.h). */
const MAX_INDEXED = 1024
const MAX_PATH_BYTES = 1024
export const MAX_DEPTH = 1_000_000

/** A surrogate without the other one. */
const HALF_PAIR = /\p{Surrogate}/u

const DIRECTIONS: Readonly<Record<string, number>> = { outgoing: 1, incoming: 2, both: 3 }

const anything: Check = () => undefined
const aSignal: Check = value => (value instanceof AbortSignal ? undefined : 'an AbortSignal')
const aText: Check = value => (typeof value === 'string' ? undefined : 'a string')
const aList: Check = value => (Array.isArray(value) ? undefined : 'an array of strings')
const aCount = whole(0, Number.MAX_SAFE_INTEGER)

export const readChecks = { validAt: anything, asOf: anything, timeoutMs: whole(1, MAX_TIMEOUT_MS), signal: aSignal }
export const nodeChecks = { nodeTypes: aList, nodeFilter: anything }
export const edgeChecks = { direction: oneOf('outgoing', 'incoming', 'both'), edgeTypes: aList }
export const boundChecks = { maxVisits: aCount, limit: aCount }
export const fanOutCheck = whole(1, Number.MAX_SAFE_INTEGER)
export const textCheck = aText
export const anyCheck = anything
export const depthCheck = whole(0, MAX_DEPTH)
export const hopsCheck = whole(0, 100)
export const orderCheck = oneOf('bfs', 'dfs')
export const flagCheck = boolean
export const modeCheck = oneOf('CURRENT', 'POINT_IN_TIME', 'RANGE')

export const record = (options: unknown, checks: Readonly<Record<string, Check>>, place: string): Given =>
  checkOptions(options, checks, place)

export type Given = Readonly<Record<string, unknown>>

function wrong(name: string, wanted: string, value: unknown): ValidationError {
  return new ValidationError(`${name} must be ${wanted}; this is ${describe(value)}.`, { details: { argument: name } })
}

export function list(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) return value
  throw new ValidationError(`${name} must be an array; this is ${describe(value)}.`, { details: { argument: name } })
}

/** An id or a type: any text that is not empty. */
export function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrong(name, 'a string', value)
  if (value === '') throw new ValidationError(`${name} must not be empty.`, { details: { argument: name } })
  if (HALF_PAIR.test(value)) throw wrong(name, 'well-formed Unicode: it has half a surrogate pair', value)
  if (value.length * 3 > MAX_TEXT_BYTES && Buffer.byteLength(value) > MAX_TEXT_BYTES) {
    throw wrong(name, `at most ${MAX_TEXT_BYTES} bytes long`, value)
  }
  return value
}

export function types(value: unknown, name: string): string[] | undefined {
  if (value === undefined) return undefined
  const list = value as readonly unknown[]
  if (list.length > MAX_TYPES) throw wrong(name, `a list of at most ${MAX_TYPES} types`, value)
  return Array.from(list, (each, i) => text(each, `${name}[${i}]`))
}

/** Dotted names of properties, each once. */
export function paths(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) throw wrong(name, 'an array of names of properties', value)
  if (value.length > MAX_INDEXED) throw wrong(name, `at most ${MAX_INDEXED} names`, value)
  const list = (value as unknown[]).map((each, i) => {
    const path = text(each, `${name}[${i}]`)
    if (Buffer.byteLength(path) > MAX_PATH_BYTES)
      throw wrong(`${name}[${i}]`, `at most ${MAX_PATH_BYTES} bytes long`, path)
    if (path.split('.').includes('')) throw wrong(`${name}[${i}]`, 'a name with something between its dots', path)
    return path
  })
  return Array.from(new Set(list))
}

/** Milliseconds since 1970. */
export function moment(value: unknown, name: string): number {
  const ms = value instanceof Date ? value.getTime() : value
  if (typeof ms !== 'number' || !Number.isInteger(ms) || Math.abs(ms) > MAX_MOMENT) {
    throw wrong(name, 'a Date, or whole milliseconds since 1970', value)
  }
  return ms
}

export const momentOr = <T>(value: unknown, name: string, otherwise: T): number | T =>
  value === undefined ? otherwise : moment(value, name)

/** An end of validity, after which it is not open: 0 would say that it is. */
export function endOf(value: Moment, name: string): number {
  const end = moment(value, name)
  if (end === 0) throw wrong(name, 'another moment than 0, which stands for an end that is open', value)
  return end
}

/** Properties as JSON text. */
export const properties = (value: unknown, of: Described, id: string): string => encodeMetadata(value, id, of)
/** Changes lie two deep in the text that they are sent in. */
export const NODE: Described = { kind: 'Node', member: 'properties', depth: 2 }
export const EDGE: Described = { kind: 'Edge', member: 'properties', depth: 2 }

/** Names of members that are undefined: those are to be taken away. */
export const removedNames = (value: object): string[] =>
  Object.keys(value).filter(name => (value as Given)[name] === undefined)

export const direction = (value: unknown): number => DIRECTIONS[(value as string | undefined) ?? 'outgoing'] ?? 1

/** A test of nodes, as the engine takes it; its filter is JSON already, and stands for itself. */
export function nodeTest(given: Given): string | undefined {
  const nodeTypes = types(given['nodeTypes'], 'nodeTypes')
  const filter = compileFilter(given['nodeFilter'])
  if (nodeTypes !== undefined && nodeTypes.length === 0) throw wrong('nodeTypes', 'a list with a type in it', [])
  if (nodeTypes === undefined && filter === undefined) return undefined
  const parts = [
    ...(nodeTypes === undefined ? [] : [`"types":${JSON.stringify(nodeTypes)}`]),
    ...(filter === undefined ? [] : [`"filter":${filter}`]),
  ]
  return `{${parts.join(',')}}`
}

export function edgeTypes(given: Given): string[] | undefined {
  const list = types(given['edgeTypes'], 'edgeTypes')
  if (list?.length === 0) throw wrong('edgeTypes', 'a list with a type in it', [])
  return list
}
