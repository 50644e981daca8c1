import { join } from 'node:path'
import { POST_COLUMNS, statements, USER_COLUMNS } from '../../lib/sql-data.mjs'

/** As its documentation recommends: the appender for many rows, prepared statements, all threads. */
export async function open(dir) {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(join(dir, 'data.duckdb'))
  const db = await instance.connect()
  let prepared
  const bind = (statement, values) => {
    values.forEach((value, i) => {
      if (typeof value === 'string') statement.bindVarchar(i + 1, value)
      else if (Number.isInteger(value)) statement.bindInteger(i + 1, value)
      else statement.bindDouble(i + 1, value)
    })
  }
  const load = async (table, columns, doubles, rows) => {
    const appender = await db.createAppender(table)
    for (const row of rows) {
      for (const name of columns) {
        const value = row[name]
        if (typeof value === 'string') appender.appendVarchar(value)
        else if (doubles.includes(name)) appender.appendDouble(value)
        else appender.appendInteger(value)
      }
      appender.endRow()
    }
    appender.closeSync()
  }
  const all = async (name, values) => {
    bind(prepared[name], values)
    return (await prepared[name].runAndReadAll()).getRowObjectsJS()
  }
  return {
    isAsync: true,
    ddl: sql => db.run(sql),
    async prepare() {
      prepared = {}
      for (const [name, sql] of Object.entries(statements(i => `$${i + 1}`))) prepared[name] = await db.prepare(sql)
    },
    loadUsers: rows => load('users', USER_COLUMNS, ['score'], rows),
    loadPosts: rows => load('posts', POST_COLUMNS, [], rows),
    get: async (name, values) => (await all(name, values))[0],
    all,
    async run(name, values) {
      bind(prepared[name], values)
      await prepared[name].run()
    },
    async *iterate(name, values) {
      bind(prepared[name], values)
      const result = await prepared[name].stream()
      for await (const rows of result.yieldRowObjectJs()) yield* rows
    },
    async transaction(body) {
      await db.run('BEGIN')
      await body()
      await db.run('COMMIT')
    },
    close() {
      db.closeSync()
      instance.closeSync()
    },
  }
}
