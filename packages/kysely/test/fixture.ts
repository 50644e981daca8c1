import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Dialect, type Generated } from 'kysely'
import { Database } from 'sochdb'
import { catalogStore, createTable, DEFAULT_NAMESPACE_ID } from 'sochdb/internal'
import sqlite from 'node-sqlite3-wasm'
import { SochdbDialect } from '@sochdb/kysely'

export interface DB {
  people: { id: number; name: string; age: number | null; city: string; active: Generated<number> }
  pets: { id: number; owner: number; name: string; weight: number }
}

/** The same two tables, in both databases. */
export interface Pair {
  readonly database: Database
  readonly sochdb: Kysely<DB>
  readonly sqlite: Kysely<DB>
  close(): void
}

const column = (name: string, type: 'integer' | 'text' | 'real', nullable = false) => ({ name, type, nullable })

export function openPair(): Pair {
  const database = Database.open(':memory:')
  database.transaction(transaction => {
    createTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, {
      name: 'people',
      columns: [
        column('id', 'integer'),
        column('name', 'text'),
        column('age', 'integer', true),
        column('city', 'text'),
        { ...column('active', 'integer'), default: { kind: 'value', value: 1 } },
      ],
      primaryKey: ['id'],
      indexes: [{ name: 'people_city', columns: [{ column: 'city', desc: false }], unique: false }],
    })
    createTable(catalogStore(transaction), DEFAULT_NAMESPACE_ID, {
      name: 'pets',
      columns: [column('id', 'integer'), column('owner', 'integer'), column('name', 'text'), column('weight', 'real')],
      primaryKey: ['id'],
      indexes: [{ name: 'pets_owner', columns: [{ column: 'owner', desc: false }], unique: false }],
    })
  })
  const peer = new sqlite.Database()
  peer.exec(`
    CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER, city TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1);
    CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, name TEXT NOT NULL, weight REAL NOT NULL);`)
  return {
    database,
    sochdb: new Kysely<DB>({ dialect: new SochdbDialect({ database }) }),
    sqlite: new Kysely<DB>({ dialect: sqliteDialect(peer) }),
    close() {
      database.close()
      peer.close()
    },
  }
}

export async function fillPeople(db: Kysely<DB>): Promise<void> {
  await db
    .insertInto('people')
    .values([
      { id: 1, name: 'Ada', age: 36, city: 'London', active: 1 },
      { id: 2, name: 'Bob', age: null, city: 'Paris', active: 1 },
      { id: 3, name: 'Eve', age: 22, city: 'London', active: 0 },
      { id: 4, name: 'Max', age: 41, city: 'Oslo', active: 1 },
      { id: 5, name: 'Zoe', age: 22, city: 'Paris', active: 1 },
    ])
    .execute()
  await db
    .insertInto('pets')
    .values([
      { id: 1, owner: 1, name: 'Rex', weight: 12.5 },
      { id: 2, owner: 1, name: 'Tom', weight: 4 },
      { id: 3, owner: 3, name: 'Kit', weight: 3.25 },
      { id: 4, owner: 9, name: 'Lost', weight: 7 },
    ])
    .execute()
}

export function sqliteDialect(peer: InstanceType<typeof sqlite.Database>): Dialect {
  const run = (sql: string, parameters: readonly unknown[]) => {
    const statement = peer.prepare(sql)
    try {
      return statement.all(parameters as never) as never[]
    } finally {
      statement.finalize()
    }
  }
  return {
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: db => new SqliteIntrospector(db),
    createDriver: () => ({
      init: async () => undefined,
      acquireConnection: async () => ({
        executeQuery: async ({ sql, parameters }) => {
          const rows = run(sql, parameters)
          const changes = Number((run('SELECT changes() AS n', []) as { n: number }[])[0]!.n)
          return /^select/i.test(sql) ? { rows } : { rows, numAffectedRows: BigInt(changes) }
        },
        streamQuery: () => {
          throw new Error('not used')
        },
      }),
      beginTransaction: async () => undefined,
      commitTransaction: async () => undefined,
      rollbackTransaction: async () => undefined,
      releaseConnection: async () => undefined,
      destroy: async () => undefined,
    }),
  }
}
