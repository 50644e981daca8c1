import { join } from 'node:path'
import { insertion, POST_COLUMNS, statements, USER_COLUMNS, valuesOf } from '../../lib/sql-data.mjs'

const ROWS_A_STATEMENT = 500
const mark = i => `$${i + 1}`

/** PostgreSQL as WebAssembly. It prepares no statements across calls; many rows go into one statement, in a transaction. */
export async function open(dir) {
  const { PGlite } = await import('@electric-sql/pglite')
  const db = await PGlite.create(join(dir, 'pglite'), { relaxedDurability: true })
  const texts = statements(mark)
  let target = db
  const load = (table, columns, rows) =>
    db.transaction(async txn => {
      for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) {
        const some = rows.slice(i, i + ROWS_A_STATEMENT)
        await txn.query(
          insertion(table, columns, mark, some.length),
          some.flatMap(row => valuesOf(columns, row)),
        )
      }
    })
  const all = async (name, values) => (await target.query(texts[name], values)).rows
  return {
    isAsync: true,
    ddl: sql => db.exec(sql),
    prepare: () => undefined,
    loadUsers: rows => load('users', USER_COLUMNS, rows),
    loadPosts: rows => load('posts', POST_COLUMNS, rows),
    get: async (name, values) => (await all(name, values))[0],
    all,
    run: async (name, values) => void (await all(name, values)),
    transaction: body =>
      db.transaction(async txn => {
        target = txn
        await body()
        target = db
      }),
    close: () => db.close(),
  }
}
