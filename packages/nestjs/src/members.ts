/** What `forFeature` provides: members of a client by their names. */
import type { FactoryProvider } from '@nestjs/common'
import { ValidationError } from 'sochdb'
import { getClientToken, getRepositoryToken } from './tokens.js'

export function repositoryProviders(members: readonly string[], client: string | undefined): FactoryProvider<object>[] {
  if (!Array.isArray(members)) {
    throw new ValidationError('SochdbModule.forFeature takes an array of names, such as ["users"].')
  }
  return [...new Set(members)].map(member => ({
    provide: getRepositoryToken(member, client),
    inject: [getClientToken(client)],
    useFactory: (from: object) => memberOf(from, member),
  }))
}

/** @throws ValidationError when the client has none of that name, with those that it has */
function memberOf(client: object, member: string): object {
  // What the schema declares is enumerable; `sync`, `$sql` and their like are not.
  const members: Readonly<Record<string, unknown>> = { ...client }
  const value = Object.hasOwn(members, member) ? members[member] : undefined
  if (typeof value === 'object' && value !== null) return value
  const names = Object.keys(members).sort()
  throw new ValidationError(
    `SochdbModule.forFeature names "${member}", which the client does not have. It has: ${names.join(', ')}.`,
  )
}
