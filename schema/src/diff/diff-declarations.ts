/** What changes for clients alone. */
import type { Contract } from '../contract/contract.js'
import { canonicalJson } from '../core/json.js'
import type { Steps } from './steps.js'
import { storeModel } from './model.js'
import type { DeclaredSection } from './operations.js'

const clientSections = ['relations', 'nodes', 'edges', 'kv'] as const
const storeSections = ['tables', 'collections', 'caches'] as const

/** Of the store's sections: what stays the same there and reads otherwise in the contract. */
export function diffDeclarations(steps: Steps, before: Contract | undefined, after: Contract): void {
  for (const section of clientSections) {
    const [a, b] = [before?.[section] ?? {}, after[section]] as [Record<string, unknown>, Record<string, unknown>]
    for (const name of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
      if (canonicalJson(a[name] ?? null) === canonicalJson(b[name] ?? null)) continue
      const change = a[name] === undefined ? 'added' : b[name] === undefined ? 'removed' : 'changed'
      steps.push({ kind: 'declare', section, name, change })
    }
  }
  if (before === undefined) return
  const [held, wanted] = [storeModel(before), storeModel(after)]
  for (const section of storeSections) {
    for (const [key, declared] of Object.entries(after[section]) as [string, { readonly name: string }][]) {
      const former = (before[section] as Record<string, { readonly name: string } | undefined>)[key]
      if (former === undefined ? !wasThere(held, section, declared.name) : former.name !== declared.name) continue
      if (former !== undefined && canonicalJson(former) === canonicalJson(declared)) continue
      const unchanged =
        canonicalJson(held[section][declared.name] ?? null) === canonicalJson(wanted[section][declared.name])
      if (unchanged)
        steps.push({ kind: 'declare', section: section satisfies DeclaredSection, name: key, change: 'changed' })
    }
  }
}

const wasThere = (
  held: ReturnType<typeof storeModel>,
  section: (typeof storeSections)[number],
  name: string,
): boolean => held[section][name] !== undefined
