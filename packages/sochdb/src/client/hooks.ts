/** `$extends({ query, sync })`: functions around the calls of tables, whichever handle they are made on. */
import { ValidationError } from '../errors/index.js'
import { repositoryMethods } from './async.js'
import { checkProperties, describe, isPlainObject } from './check.js'

type Call = (...args: unknown[]) => unknown

type HookFunction = (call: {
  readonly table: string
  readonly call: string
  readonly args: readonly unknown[]
  readonly query: Call
  readonly client: object
}) => unknown

/** By promise, or on the calling thread. */
export type HookKind = 'query' | 'sync'

type TableHooks = Readonly<Record<string, HookFunction>>
/** Of one kind: by table, and around all tables. */
type KindHooks = Readonly<Record<string, TableHooks>> & { readonly $tables?: HookFunction }

type Extension = Readonly<Partial<Record<HookKind, KindHooks>>>

const ALL = '$tables'
const calls = [...repositoryMethods, 'stream'] as const
const otherKind: Readonly<Record<HookKind, HookKind>> = { query: 'sync', sync: 'query' }

/** Hooks in the order they were added: each is around those before it. Immutable. */
export class HookChain {
  readonly #extensions: readonly Extension[]

  constructor(extensions: readonly Extension[] = []) {
    this.#extensions = extensions
  }

  /** @throws ValidationError for what is no hook of a call that there is */
  with(extension: unknown, tables: readonly string[]): HookChain {
    checkProperties(extension, '$extends', ['query', 'sync'])
    const { query, sync } = extension as Readonly<Record<HookKind, unknown>>
    checkHooks('query', query, tables)
    checkHooks('sync', sync, tables)
    return new HookChain([...this.#extensions, { query, sync } as Extension])
  }

  /** A table's repository within its hooks. `client` gives what hooks find as such. */
  around(repository: object, table: string, kind: HookKind, client: () => object): object {
    if (this.#extensions.length === 0) return repository
    const hooked = calls.map(call => {
      const own = (repository as Readonly<Record<string, Call>>)[call]!.bind(repository)
      const within = (next: Call, extension: Extension): Call =>
        hookedCall(next, extension, { table, call, kind, client })
      return [call, this.#extensions.reduce(within, own)] as const
    })
    return Object.freeze(Object.fromEntries(hooked))
  }
}

interface Place {
  readonly table: string
  readonly call: string
  readonly kind: HookKind
  readonly client: () => object
}

/** The hooks of one extension that a call meets: its own within that of all tables. */
function hooksOf(hooks: KindHooks | undefined, table: string, call: string): HookFunction[] {
  const own = hooks !== undefined && Object.hasOwn(hooks, table) ? hooks[table]![call] : undefined
  return [own, hooks?.[ALL]].filter(hook => hook !== undefined)
}

function hookedCall(next: Call, extension: Extension, place: Place): Call {
  const { table, call, kind } = place
  const hooks = hooksOf(extension[kind], table, call)
  if (hooks.length > 0) return hooks.reduce<Call>((inner, hook) => withHook(inner, hook, place), next)
  if (hooksOf(extension[otherKind[kind]], table, call).length === 0) return next
  // What a hook forbids or adds is not got round by the other way to make the same call.
  const [has, lacks] = kind === 'sync' ? ['promises', 'sync'] : ['sync', 'query']
  return asCall(place, () => {
    throw new ValidationError(`"${table}.${call}" has a hook for ${has === 'sync' ? 'calls of sync' : has} alone.`, {
      remediation: `Give $extends one for ${lacks} too, or make the call the other way.`,
    })
  })
}

function withHook(inner: Call, hook: HookFunction, place: Place): Call {
  const { table, call, client } = place
  return asCall(place, (...args) =>
    hook({
      table,
      call,
      args,
      query: inner,
      get client() {
        return client()
      },
    }),
  )
}

/** A function as calls of its kind are: by promise, or with rows that are read as they are asked for. */
function asCall({ table, call, kind }: Place, run: Call): Call {
  if (kind === 'query') {
    if (call !== 'stream') return async (...args) => run(...args)
    return async function* (...args) {
      yield* (await run(...args)) as AsyncIterable<unknown>
    }
  }
  const atOnce: Call = (...args) => {
    const result = run(...args)
    if (typeof (result as { readonly then?: unknown } | null | undefined)?.then !== 'function') return result
    throw new ValidationError(`The hook of "${table}.${call}" for sync returns a promise: it has to answer at once.`)
  }
  if (call !== 'stream') return atOnce
  return function* (...args) {
    yield* atOnce(...args) as Iterable<unknown>
  }
}

function checkHooks(kind: HookKind, hooks: unknown, tables: readonly string[]): void {
  if (hooks === undefined) return
  checkProperties(hooks, `$extends: "${kind}"`, [ALL, ...tables])
  for (const [table, given] of Object.entries(hooks as Readonly<Record<string, unknown>>)) {
    if (table === ALL) checkHook(kind, ALL, given)
    else {
      if (!isPlainObject(given)) throw new ValidationError(`$extends: "${kind}.${table}" is ${describe(given)}.`)
      checkProperties(given, `$extends: "${kind}.${table}"`, calls)
      for (const [call, hook] of Object.entries(given)) checkHook(kind, `${table}.${call}`, hook)
    }
  }
}

function checkHook(kind: HookKind, name: string, hook: unknown): void {
  if (typeof hook !== 'function') {
    throw new ValidationError(`$extends: "${kind}.${name}" is a function, not ${describe(hook)}.`)
  }
  if (kind === 'sync' && hook.constructor.name === 'AsyncFunction') {
    throw new ValidationError(`$extends: "sync.${name}" is asynchronous: it has to answer at once.`)
  }
}
