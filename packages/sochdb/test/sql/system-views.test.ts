/** What tools ask by SELECT, and plans over views, which hold until a view is another one. */
import { Database } from 'sochdb'

import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let names = 0
const opened = (): Database => Database.open(directory(`system-${++names}`), { logLevel: 'off', syncMode: 'off' })

function schema(db: Database): void {
  db.execute('CREATE TABLE "Orgs" (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT \'x\' CHECK (length(name) < 9))')
  db.execute(
    'CREATE TABLE users (id INTEGER PRIMARY KEY, org INTEGER REFERENCES "Orgs" (id) ON DELETE CASCADE, born DATE)',
  )
  db.execute('CREATE UNIQUE INDEX users_org ON users (org, id DESC)')
  db.execute('CREATE VIEW small AS SELECT id FROM users WHERE id < 10')
}

test('information_schema and sqlite_master tell of tables, views and indexes, as they are now', () => {
  using db = opened()
  const tables = "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
  expect(db.execute(tables).rows).toEqual([])
  schema(db)
  expect(db.execute(tables).rows).toEqual([
    { table_name: 'Orgs', table_type: 'BASE TABLE' },
    { table_name: 'small', table_type: 'VIEW' },
    { table_name: 'users', table_type: 'BASE TABLE' },
  ])
  expect(
    db.execute('SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = ?', [
      'users',
    ]).rows,
  ).toEqual([
    { column_name: 'id', data_type: 'integer', is_nullable: 'NO' },
    { column_name: 'org', data_type: 'integer', is_nullable: 'YES' },
    { column_name: 'born', data_type: 'text', is_nullable: 'YES' },
  ])
  expect(db.execute('SELECT count(*) AS n FROM sqlite_master WHERE type = ?', ['index']).rows).toEqual([{ n: 1 }])
  expect(db.execute('SELECT type, name FROM main.sqlite_schema ORDER BY name LIMIT 1').rows).toEqual([
    { type: 'table', name: 'Orgs' },
  ])
  expect(db.execute('PRAGMA foreign_key_list(users)').rows).toMatchObject([
    { table: 'Orgs', from: 'org', to: 'id', on_delete: 'CASCADE' },
  ])
  expect(db.getTableSchema('users').foreignKeys).toMatchObject([
    { columns: ['org'], table: 'Orgs', onDelete: 'cascade' },
  ])
  db.execute('DROP VIEW small')
  expect(db.execute(tables).rows).toHaveLength(2)
})

test('the statements of sqlite_master make the same tables again', () => {
  using db = opened()
  schema(db)
  using copy = opened()
  for (const { sql } of db.execute<{ sql: string }>('SELECT sql FROM sqlite_master').rows) copy.execute(sql)
  for (const name of db.listTables()) expect(copy.getTableSchema(name)).toEqual(db.getTableSchema(name))
  expect(copy.execute('SELECT sql FROM sqlite_master').rows).toEqual(db.execute('SELECT sql FROM sqlite_master').rows)
})

test('a plan over a view is made again when the view is another one', () => {
  using db = opened()
  db.execute('CREATE TABLE t (a INTEGER, b INTEGER)')
  db.execute('INSERT INTO t VALUES (1, 2)')
  const prepared = db.prepare('SELECT * FROM v')
  db.execute('CREATE VIEW v AS SELECT a FROM t')
  expect(prepared.execute().rows).toEqual([{ a: 1 }])
  db.execute('DROP VIEW v')
  expect(thrownBy(() => prepared.execute())).toMatchObject({ name: 'QueryError' })
  db.execute('CREATE VIEW v AS SELECT b FROM t')
  expect(prepared.execute().rows).toEqual([{ b: 2 }])
  db.transaction(txn => {
    txn.execute('DROP VIEW v')
    txn.execute('CREATE TABLE v (z INTEGER)')
    expect(txn.execute('SELECT * FROM v').rows).toEqual([])
    expect(prepared.execute().rows).toEqual([{ b: 2 }])
  })
  expect(prepared.execute().rows).toEqual([])
})
