import { Inject } from '@nestjs/common'
import { getClientToken, getRepositoryToken } from './tokens.js'

/**
 * Injects a client: the one without a name, or the one that `forRoot({ name })` made.
 *
 * @example
 * constructor(@InjectClient() private readonly db: Client) {}
 */
export function InjectClient(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getClientToken(name))
}

/**
 * Injects a member of a client that the module asked for with `forFeature`: a table, a collection, a cache, a key space or `graph`.
 *
 * @example
 * constructor(@InjectRepository('users') private readonly users: Client['users']) {}
 */
export function InjectRepository(member: string, client?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getRepositoryToken(member, client))
}
