/** `caches.ts`: the scope and the value of every cache. */
import type { CacheContract, Contract } from '@sochdb/schema'
import { pascal, type TypeNames } from '../contract/naming.js'
import { named, withoutTenant } from './collections.js'
import type { EmittedFile } from './file.js'
import { partHash } from './header.js'
import { hasDefaults } from './json-type.js'
import type { ModelContext } from './model.js'

export interface CacheNames {
  readonly key: string
  readonly scope: string
  readonly value: string
  readonly input: string
}

export function cacheNames(contract: Contract, types: TypeNames): readonly CacheNames[] {
  return Object.entries(contract.caches).map(([key, { value }]) => {
    const name = types.claim([pascal(key)], plain => [`${plain}Scope`, `${plain}Value`, `${plain}ValueInput`])
    const read = `${name}Value`
    return { key, scope: `${name}Scope`, value: read, input: hasDefaults(value) ? `${read}Input` : read }
  })
}

export function emitCaches({ contract, caches, types }: ModelContext): EmittedFile | undefined {
  if (caches.length === 0) return undefined
  const text = caches.map(names => emitCache(names, contract.caches[names.key]!, types)).join('')
  return {
    path: 'caches.ts',
    made: `caches ${partHash(contract.caches)}`,
    text,
    language: 'typescript',
    formatted: false,
  }
}

function emitCache({ scope, value, input }: CacheNames, cache: CacheContract, types: TypeNames): string {
  const { name } = cache
  const isScoped = Object.keys((cache.scope['properties'] as object | undefined) ?? {}).length > 0
  const scopeText = isScoped
    ? named(scope, withoutTenant(cache.scope, cache.tenant), 'input', `What keeps answers of \`${name}\` apart.`, types)
    : `/** \`${name}\` has one scope. */\nexport type ${scope} = object\n\n`
  const read = named(value, cache.value, 'output', `Values of \`${name}\`.`, types)
  const comment = `Values of \`${name}\` as they are stored: what has a default may be left out.`
  return scopeText + read + (input === value ? '' : named(input, cache.value, 'input', comment, types))
}
