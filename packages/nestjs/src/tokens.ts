/**
 * The names that clients and their members are provided under. They are texts, so that Nest's errors about a provider that it
 * cannot find say which one.
 */
import { ValidationError } from 'sochdb'

export const DEFAULT_CLIENT = 'default'

/** The token of a client: of the one without a name, or of the one that `forRoot({ name })` made. */
export function getClientToken(name: string = DEFAULT_CLIENT): string {
  return name === DEFAULT_CLIENT ? 'SochdbClient' : `SochdbClient(${checkName(name)})`
}

/**
 * The token of a member of a client: a table, a collection, a cache, a key space or `graph`.
 *
 * @example
 * { provide: getRepositoryToken('users'), useValue: fakeUsers } // in a test
 */
export function getRepositoryToken(member: string, client: string = DEFAULT_CLIENT): string {
  if (typeof member !== 'string' || member === '') {
    throw new ValidationError('A repository is asked for by the name that it has on the client, such as "users".')
  }
  return `${getClientToken(client)}.${member}`
}

/** Clients are told apart by their names: an empty one is a mistake, such as a setting that is missing. */
function checkName(name: string): string {
  if (typeof name === 'string' && name !== '') return name
  throw new ValidationError('The name of a client is a text that is not empty. Leave it out where there is one client.')
}
