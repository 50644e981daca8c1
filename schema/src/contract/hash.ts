import { createHash } from 'node:crypto'
import { canonicalJson } from '../core/json.js'
import type { Contract } from './contract.js'

/** SHA-256 of the contract's canonical JSON, in hex: the name of a schema. */
export function contractHash(contract: Contract): string {
  return createHash('sha256').update(canonicalJson(contract)).digest('hex')
}
