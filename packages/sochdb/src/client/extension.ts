/** `$extends`: a client with calls of the application's own, beside those it has. */
import { ValidationError } from '../errors/index.js'
import { describe, isPlainObject } from './check.js'

type Make = (client: object) => unknown

interface Extensible {
  readonly $extends: (extension: unknown) => object
  readonly $for: (scope: unknown) => object
}

/** The client with what `make` adds: calls of tables and of other members it has, and members it does not have. */
export function extended(client: object, make: Make): object {
  if (typeof make !== 'function')
    throw new ValidationError(`$extends takes a function or hooks, not ${describe(make)}.`)
  const added = make(client)
  if (!isPlainObject(added))
    throw new ValidationError(`$extends: the function gives an object, not ${describe(added)}.`)
  const members: Record<string, PropertyDescriptor> = { ...Object.getOwnPropertyDescriptors(client) }
  for (const [name, value] of Object.entries(added)) {
    const member = members[name]
    if (name.startsWith('$') || name === 'sync' || name === 'then') throw taken(name)
    members[name] = { value: member === undefined ? value : merged(name, member.value, value), enumerable: true }
  }
  const result: object = {}
  // What it is made into is made of the whole of it.
  members['$for'] = { value: (scope: unknown) => extended((client as Extensible).$for(scope), make) }
  members['$extends'] = {
    value: (more: unknown) =>
      typeof more === 'function'
        ? extended(result, more as Make)
        : extended((client as Extensible).$extends(more), make),
  }
  return Object.freeze(Object.defineProperties(result, members))
}

function merged(name: string, member: unknown, added: unknown): object {
  if (!isPlainObject(added))
    throw new ValidationError(`$extends: "${name}" takes an object of calls, not ${describe(added)}.`)
  for (const call of Object.keys(added)) if (call in (member as object)) throw taken(`${name}.${call}`)
  const all = { ...Object.getOwnPropertyDescriptors(member), ...Object.getOwnPropertyDescriptors(added) }
  return Object.freeze(Object.defineProperties({}, all))
}

function taken(name: string): ValidationError {
  return new ValidationError(`$extends: the client has "${name}" itself. Use another name.`)
}
