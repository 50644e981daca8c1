/** Schemas of a test, and folders of migrations between them. */
import {
  col,
  collection,
  contractHash,
  defineSchema,
  table,
  toContract,
  type Contract,
  type Table,
} from '@sochdb/schema'
import { diffContracts, type Hints, type Operation } from '@sochdb/schema/diff'
import { z } from 'zod'
import { writeMigration } from '../../src/migrate/folder.js'

type Columns = Parameters<typeof table>[1]

/** Columns are checked when the contract is made. */
export const users = (columns: Columns): Table<string> =>
  table('users', { id: col.integer().primaryKey(), ...columns }) as unknown as Table<string>

export function contractOf(...tables: Table<string>[]): Contract {
  return toContract(defineSchema({ tables: Object.fromEntries(tables.map(one => [one.toNode().name, one])) }))
}

export function withNotes(m: number, ...tables: Table<string>[]): Contract {
  const notes = collection('notes', { dimension: 3, m, metadata: z.object({ text: z.string() }) })
  const declared = Object.fromEntries(tables.map(one => [one.toNode().name, one]))
  return toContract(defineSchema({ tables: declared, collections: { notes } }))
}

/** Writes the migration from one contract to the next. */
export function write(
  directory: string,
  id: string,
  parents: readonly string[],
  before: Contract | undefined,
  after: Contract,
  hints: Hints = {},
  more: readonly Operation[] = [],
): string {
  const operations = [...diffContracts(before, after, hints).operations, ...more]
  return writeMigration(directory, { id, parents, before, after, operations })
}

/** Migrations one behind the other. */
export function chain(directory: string, ...contracts: readonly Contract[]): void {
  contracts.forEach((after, i) => {
    write(directory, `000${String(i + 1)}`, i === 0 ? [] : [`000${String(i)}`], contracts[i - 1], after)
  })
}

export { contractHash }
