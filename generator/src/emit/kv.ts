/** `kv.ts`: the keys and the values of every key space. */
import type { Contract, KvContract } from '@sochdb/schema'
import { pascal, type TypeNames } from '../contract/naming.js'
import { named } from './collections.js'
import type { EmittedFile } from './file.js'
import { partHash } from './header.js'
import { hasDefaults } from './json-type.js'
import type { ModelContext } from './model.js'

export interface KeySpaceNames {
  /** Property on the client. */
  readonly key: string
  /** Name of the type of its keys. */
  readonly name: string
  readonly value: string
  readonly input: string
}

export function keySpaceNames(contract: Contract, types: TypeNames): readonly KeySpaceNames[] {
  return Object.entries(contract.kv).map(([key, { value }]) => {
    const derived = (plain: string): string[] => [`${plain}Name`, `${plain}Value`, `${plain}ValueInput`]
    const name = types.claim([pascal(key)], derived)
    const read = `${name}Value`
    return { key, name: `${name}Name`, value: read, input: hasDefaults(value) ? `${read}Input` : read }
  })
}

export function emitKeySpaces({ contract, keySpaces, types }: ModelContext): EmittedFile | undefined {
  if (keySpaces.length === 0) return undefined
  const text = keySpaces.map(names => emitKeySpace(names, contract.kv[names.key]!, types)).join('')
  const made = `key spaces ${partHash(contract.kv)}`
  return { path: 'kv.ts', made, text, language: 'typescript', formatted: false }
}

function emitKeySpace({ name, value, input }: KeySpaceNames, space: KvContract, types: TypeNames): string {
  const of = `\`${space.name}\``
  const life =
    space.ttlSeconds === 0 ? '' : ` They are kept for ${space.ttlSeconds} seconds unless a call says otherwise.`
  const keys = named(name, space.key, 'output', `Keys of ${of}.`, types)
  const read = named(value, space.value, 'output', `Values of ${of}.${life}`, types)
  const comment = `Values of ${of} as they are written: what has a default may be left out.`
  return keys + read + (input === value ? '' : named(input, space.value, 'input', comment, types))
}
