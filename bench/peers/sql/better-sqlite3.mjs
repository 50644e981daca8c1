import { join } from 'node:path'
import { insertion, POST_COLUMNS, statements, USER_COLUMNS, valuesOf } from '../../lib/sql-data.mjs'

const mark = () => '?'

/** As its documentation recommends: WAL, statements prepared once, writes of many rows as single inserts in a transaction. */
export async function open(dir, durability) {
  const { default: Sqlite } = await import('better-sqlite3')
  const db = new Sqlite(join(dir, 'data.sqlite'))
  db.pragma('journal_mode = WAL')
  db.pragma('cache_size = -262144') // KiB, as much as the project has
  db.pragma(`synchronous = ${durability.toUpperCase()}`)
  let prepared
  const load = (table, columns) =>
    db.transaction(rows => {
      const insert = db.prepare(insertion(table, columns, mark))
      for (const row of rows) insert.run(valuesOf(columns, row))
    })
  return {
    ddl: sql => void db.exec(sql),
    prepare() {
      prepared = Object.fromEntries(Object.entries(statements(mark)).map(([name, sql]) => [name, db.prepare(sql)]))
    },
    loadUsers: rows => load('users', USER_COLUMNS)(rows),
    loadPosts: rows => load('posts', POST_COLUMNS)(rows),
    get: (name, values) => prepared[name].get(values),
    all: (name, values) => prepared[name].all(values),
    run: (name, values) => void prepared[name].run(values),
    iterate: (name, values) => prepared[name].iterate(values),
    transaction: body => db.transaction(body)(),
    close: () => db.close(),
  }
}
