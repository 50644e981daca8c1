// Types are found where a project resolves modules in its own way; none of them is `any`.
import { Kysely } from 'kysely'
import { SochdbDialect } from '@sochdb/kysely'
import { col, defineSchema, table } from '@sochdb/schema'
import { Database, type SearchResults } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

const database: Database = Database.open(':memory:')
export const value: Buffer | undefined = database.get('key')
// @ts-expect-error A value is no number.
export const number: number = database.get('key')
export const hits: SearchResults = database.collection('passages').search({ vector: [1, 0, 0], k: 1 })
// @ts-expect-error There is no such option.
Database.open(':memory:', { syncMode: 'sometimes' })
export const kysely = new Kysely<{ notes: { id: number } }>({ dialect: new SochdbDialect({ database }) })
// @ts-expect-error A dialect needs a database.
new SochdbDialect({})
export const schema = defineSchema({ tables: { notes: table('notes', { id: col.integer().primaryKey() }) } })
// @ts-expect-error A column has a type.
table('notes', { id: 'integer' })
export const test: Database = openTestDatabase()
