/** The stores that this process has open, where every bundle and every evaluation of this module finds them: on `globalThis`. */
import { realpathSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Database, DatabaseError, ValidationError } from 'sochdb'
import type { DatabaseOptions } from 'sochdb'
import type { ClientOptions } from 'sochdb/client'

const registry = Symbol.for('sochdb')

type Plain = Readonly<Record<string, unknown>>

/** A path's store: one handle, opened at the first call, and the clients that work with it. */
class Store {
  readonly #path: string
  #database: Database | undefined
  #openedWith: DatabaseOptions | undefined
  /** The last client of each `createClient`: hot reload brings another function where the generated code has changed. */
  readonly #clients = new WeakMap<object, { readonly options: Plain; readonly client: object }>()

  constructor(path: string) {
    this.#path = path
  }

  client<Client extends object>(
    createClient: (options: ClientOptions) => Client,
    options: Omit<ClientOptions, 'path' | 'database' | 'open'>,
    open: DatabaseOptions | undefined,
  ): Client {
    const wanted: Plain = { ...options, open }
    const known = this.#clients.get(createClient)
    if (known !== undefined && alike(known.options, wanted)) return known.client as Client
    const client = createClient({ ...options, database: () => this.#opened(open) })
    this.#clients.set(createClient, { options: wanted, client })
    return client
  }

  close(): void {
    this.#database?.close()
    this.#database = undefined
  }

  #opened(open: DatabaseOptions | undefined): Database {
    if (this.#database?.isOpen === true) {
      if (open === this.#openedWith || shown(open) === shown(this.#openedWith)) return this.#database
      throw new ValidationError(
        `The store "${this.#path}" is open with other options. Give every sharedClient of it the same; after a change of them, restart the server.`,
      )
    }
    refuseDuringBuild(this.#path)
    const database = Database.open(this.#path, open)
    this.#openedWith = open
    return (this.#database = database)
  }
}

/** The variable is Next.js's own; the workers of a build inherit it. */
function refuseDuringBuild(path: string): void {
  if (process.env['NEXT_PHASE'] !== 'phase-production-build') return
  throw new DatabaseError(
    `\`next build\` was about to open the store "${path}" to render a page ahead of time. Let the page be rendered when it is ` +
      "asked for: `await connection()` (of 'next/server') before the first read, or `export const dynamic = 'force-dynamic'`.",
    {
      remediation: 'To render from the store at build time on purpose, use createClient instead of sharedClient there.',
    },
  )
}

/** Functions are left out: after a hot reload they are others, and do the same. */
const shown = (options: DatabaseOptions | undefined): string =>
  JSON.stringify(Object.entries(options ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))

function alike(a: Plain, b: Plain): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => name in b && same(a[name], b[name]))
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, i) => each === b[i])
  return Object.is(a, b)
}

export function stores(): Map<string, Store> {
  const global = globalThis as { [registry]?: Map<string, Store> }
  return (global[registry] ??= new Map())
}

export function storeOf(path: string): Store {
  const key = realPath(path)
  const known = stores().get(key)
  if (known !== undefined) return known
  const store = new Store(key)
  stores().set(key, store)
  return store
}

/** What a path leads to, symbolic links followed, as far as it is there already. */
function realPath(path: string): string {
  if (path === ':memory:') return path
  const absolute = resolve(path)
  for (let there = absolute; ; there = dirname(there)) {
    try {
      return join(realpathSync(there), relative(there, absolute))
    } catch {
      // Not there yet, or not to be seen: opening it will tell.
      if (dirname(there) === there) return absolute
    }
  }
}
