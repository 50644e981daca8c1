/** Clients of schemas that a test makes up: loosely typed, what the generator prints is tested with the generator. */
import { contractHash, toContract, type Schema } from '@sochdb/schema'
import { createClient, type SyncRepository } from 'sochdb/client'

type Loose = Record<string, unknown>

interface AnyModel {
  Row: Loose
  New: Loose
  NewWith: Loose
  NewBy: Loose
  Patch: Loose
  Change: Loose
  Where: Loose
  Order: Loose
  Key: Loose
  Include: Record<string, object | true>
  Related: Loose
  Sums: Loose
  Averages: Loose
}

export type AnyTables = Readonly<Record<string, SyncRepository<AnyModel>>>

interface AnyClient {
  readonly sync: AnyTables
  $close(): Promise<void>
}

export function openDeclared(options: Parameters<typeof createClient>[1], schema: Schema): AnyClient {
  const contract = toContract(schema)
  const definition = { contract, contractHash: contractHash(contract), queryBuilder: (target: unknown) => target }
  return createClient<AnyClient>(definition, options)
}
