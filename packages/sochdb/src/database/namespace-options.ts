/** What a namespace is called and described by. */
import { checkOptions } from '../engine/check.js'
import type { Check } from '../engine/check.js'
import { describe } from '../bytes/bytes.js'
import { ValidationError } from '../errors/index.js'

/** How a namespace is described. */
export interface NamespaceOptions {
  /** A name for people. At most 1024 characters. */
  readonly displayName?: string
  /** Anything that is to be known of it: at most 64 labels, with names of 1 to 256 and values of up to 1024 characters. */
  readonly labels?: Readonly<Record<string, string>>
}

/** A namespace to be created, as one object. */
export interface NamespaceConfig extends NamespaceOptions {
  readonly name: string
}

/** What `updateNamespace` changes. Labels replace all there were; a member that is left out stays as it is. */
export type NamespaceChange = NamespaceOptions

/** Whether a namespace that holds something is deleted. */
export interface DeleteNamespaceOptions {
  /** Also when it holds something: all of that is gone. Default false. */
  readonly force?: boolean
}

/** What `copyBetweenNamespaces` copies: the keys that start with `prefix`. */
export interface CopyRequest {
  readonly sourceNs: string
  readonly targetNs: string
  /** Default: all keys. */
  readonly prefix?: string | Uint8Array
}

export const DEFAULT_NAMESPACE = 'default'

const MAX_NAME = 256
const MAX_TEXT = 1024
const MAX_LABELS = 64

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

const labels: Check = value =>
  isPlain(value) &&
  Object.keys(value).length <= MAX_LABELS &&
  Object.entries(value).every(
    ([name, label]) =>
      name.length > 0 && name.length <= MAX_NAME && typeof label === 'string' && label.length <= MAX_TEXT,
  )
    ? undefined
    : `an object of at most ${MAX_LABELS} strings, each of at most ${MAX_TEXT} characters`

const displayName: Check = value =>
  typeof value === 'string' && value.length <= MAX_TEXT ? undefined : `a string of at most ${MAX_TEXT} characters`

const text: Check = value => (typeof value === 'string' ? undefined : 'a string')
const bytes: Check = value =>
  typeof value === 'string' || value instanceof Uint8Array ? undefined : 'a string or a Uint8Array'
const flag: Check = value => (typeof value === 'boolean' ? undefined : 'true or false')

/** 1 to 256 characters: an ASCII letter or digit, then letters, digits, `_`, `-` and `.`. Names that differ in case differ. */
export function checkNamespaceName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name.length <= MAX_NAME && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) return
  const given =
    typeof name === 'string' ? JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name) : describe(name)
  throw new ValidationError(
    `The name of a namespace has 1 to ${MAX_NAME} characters: a letter or digit first, then letters, digits, "_", "-" and "."; this one is ${given}.`,
    { details: { argument: 'name' } },
  )
}

/** A copy: labels are the caller's object, and change with it. */
export function checkNamespaceOptions(options: unknown, place: string): NamespaceOptions {
  const checked = checkOptions(options, { displayName, labels }, place) as NamespaceOptions
  return checked.labels === undefined ? checked : { ...checked, labels: { ...checked.labels } }
}

/** The name and the options, given one after the other or as one object. */
export function checkNewNamespace(
  nameOrConfig: unknown,
  options: unknown,
): { readonly name: string; readonly options: NamespaceOptions } {
  const place = 'createNamespace'
  if (!isPlain(nameOrConfig)) {
    checkNamespaceName(nameOrConfig)
    return { name: nameOrConfig, options: checkNamespaceOptions(options, place) }
  }
  const { name, ...rest } = checkOptions(nameOrConfig, { name: text, displayName, labels }, place)
  checkNamespaceName(name)
  return { name, options: checkNamespaceOptions(rest, place) }
}

export function checkDeletion(options: unknown): Required<DeleteNamespaceOptions> {
  return { force: false, ...checkOptions(options, { force: flag }, 'deleteNamespace') }
}

export function checkCopy(request: unknown): Required<CopyRequest> {
  const place = 'copyBetweenNamespaces'
  const {
    sourceNs,
    targetNs,
    prefix = '',
  } = checkOptions(request, { sourceNs: text, targetNs: text, prefix: bytes }, place) as Partial<CopyRequest>
  checkNamespaceName(sourceNs)
  checkNamespaceName(targetNs)
  if (sourceNs === targetNs) {
    throw new ValidationError(`${place} copies from one namespace to another; both are "${sourceNs}".`, {
      details: { argument: 'targetNs' },
    })
  }
  return { sourceNs, targetNs, prefix }
}
