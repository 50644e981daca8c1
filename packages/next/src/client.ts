/** `sharedClient`: a generated client over the one open store of its path. */
import { ValidationError } from 'sochdb'
import type { ClientOptions } from 'sochdb/client'
import { stores, storeOf } from './stores.js'

/** The options of `createClient`, with a path. */
export interface SharedClientOptions extends Omit<ClientOptions, 'path' | 'database'> {
  /** Directory of the store, or `:memory:` for one that lives as long as the process. */
  readonly path: string
}

/**
 * A client that every module of a Next.js server can have: however often it is asked for, in how many bundles, and whatever
 * hot reload evaluates again, a path is open once. Nothing is opened before the first call, and a call that could not
 * open the store leaves nothing behind: the next one tries again.
 *
 * `$close` does nothing, since other requests use the store too; `closeShared` closes it, and the next call opens it again.
 *
 * @param createClient what `sochdb generate` wrote
 * @throws ValidationError for options that `createClient` refuses
 *
 * @example
 * import { createClient } from './generated'
 *
 * export const db = sharedClient(createClient, { path: './app.soch' })
 */
export function sharedClient<Client extends object>(
  createClient: (options: ClientOptions) => Client,
  options: SharedClientOptions,
): Client {
  if (typeof createClient !== 'function') {
    throw new ValidationError('sharedClient takes the createClient of a generated client, and { path }.')
  }
  if (typeof options !== 'object' || options === null || typeof options.path !== 'string') {
    throw new ValidationError('sharedClient: path is a string: the directory of the store, or ":memory:".')
  }
  if ('database' in options) {
    throw new ValidationError('sharedClient opens the database itself: it takes path, not database.')
  }
  const { path, open, ...rest } = options
  return storeOf(path).client(createClient, rest, open)
}

/**
 * Closes the store of a path, or all that shared clients have opened: at the end of a script or of a test. Clients stay good: the
 * next call opens the store again. A server needs none of it, the store is closed when the process ends.
 */
export function closeShared(path?: string): void {
  if (path !== undefined) storeOf(path).close()
  else for (const store of stores().values()) store.close()
}
