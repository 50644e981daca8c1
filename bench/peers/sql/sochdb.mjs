import { join } from 'node:path'
import { insertion, POST_COLUMNS, statements, USER_COLUMNS, valuesOf } from '../../lib/sql-data.mjs'

const ROWS_A_STATEMENT = 1000
const mark = () => '?'

/** The project: statements are prepared, writes of many rows in a transaction. */
export async function open(dir, durability) {
  const { Database } = await import('../../../packages/sochdb/dist/index.js')
  const db = Database.open(join(dir, 'store'), { syncMode: durability })
  let prepared
  return {
    ddl: sql => void db.execute(sql),
    prepare() {
      prepared = Object.fromEntries(Object.entries(statements(mark)).map(([name, sql]) => [name, db.prepare(sql)]))
    },
    loadUsers(rows) {
      db.transaction(txn => {
        const insert = txn.prepare(insertion('users', USER_COLUMNS, mark))
        for (const row of rows) insert.run(valuesOf(USER_COLUMNS, row))
      })
    },
    loadPosts(rows) {
      const sql = insertion('posts', POST_COLUMNS, mark, ROWS_A_STATEMENT)
      db.transaction(txn => {
        const insert = txn.prepare(sql)
        for (let i = 0; i < rows.length; i += ROWS_A_STATEMENT) {
          const some = rows.slice(i, i + ROWS_A_STATEMENT)
          const values = some.flatMap(row => valuesOf(POST_COLUMNS, row))
          if (some.length === ROWS_A_STATEMENT) insert.run(values)
          else txn.execute(insertion('posts', POST_COLUMNS, mark, some.length), values)
        }
      })
    },
    get: (name, values) => prepared[name].get(values),
    all: (name, values) => prepared[name].all(values),
    run: (name, values) => void prepared[name].run(values),
    iterate: (name, values) => prepared[name].iterate(values),
    transaction: body => db.transaction(body),
    close: () => db.close(),
  }
}
