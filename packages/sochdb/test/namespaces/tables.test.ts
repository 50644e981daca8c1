import {
  Database,
  ErrorCode,
  ForeignKeyError,
  NamespaceAccessError,
  NamespaceNotFoundError,
  QueryError,
  SochDBError,
  TransactionConflictError,
  UniqueConstraintError,
} from 'sochdb'
import type { IndexPolicy, Namespace, Snapshot, Transaction } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { parseStatement } from '../../src/sql/parser/index.js'
import { PreparedStatement } from '../../src/sql/session.js'
import { temporaryDirectory, thrownBy } from '../support/temporary.js'

const directory = temporaryDirectory()
let db: Database
let a: Namespace
let b: Namespace

interface Executes {
  execute(sql: string): { readonly rows: Record<string, unknown>[] }
}

/** Tables of one name, and of different columns. */
function createItems(of: Executes, columns: string, ...rows: string[]): void {
  of.execute(`CREATE TABLE items (${columns})`)
  for (const row of rows) of.execute(`INSERT INTO items VALUES (${row})`)
}

const count = (of: Executes): unknown => of.execute('SELECT count(*) AS n FROM items').rows[0]!['n']
const planOf = (of: Executes, sql: string): string =>
  of
    .execute(`EXPLAIN ${sql}`)
    .rows.map(row => row['plan'])
    .join('\n')

beforeEach(() => {
  db = openTestDatabase()
  a = db.createNamespace('a')
  b = db.createNamespace('b')
  createItems(a, 'id INTEGER PRIMARY KEY, name TEXT', `1, 'one'`, `2, 'two'`)
  createItems(b, 'name TEXT, price REAL, id INTEGER PRIMARY KEY', `'uno', 1.5, 1`)
})
afterEach(() => db.close())

describe('tables of one name in two namespaces', () => {
  test('are two: every way to read finds its own columns and rows, whoever asked before', () => {
    const text = 'SELECT * FROM items WHERE id = 1'
    for (let round = 0; round < 3; round++) {
      for (const [ns, row] of [
        [a, { id: 1, name: 'one' }],
        [b, { name: 'uno', price: 1.5, id: 1 }],
      ] as const) {
        expect(ns.execute(text).rows).toEqual([row])
        expect(ns.executeSql(text).columns).toEqual(Object.keys(row))
        expect([...ns.iterate(text)]).toEqual([row])
        expect(ns.prepare(text).get()).toEqual(row)
        expect(ns.prepare('SELECT * FROM items WHERE id = ?').all([1])).toEqual([row])
        expect(ns.execute('SELECT name FROM items WHERE name = ?', [row.name]).rows).toEqual([{ name: row.name }])
      }
    }
    expect(() => db.execute(text)).toThrow(/no table "items"/i)
  })

  test('prepared statements stay with the namespace that they were prepared in', () => {
    const text = 'SELECT count(*) AS n FROM items WHERE id >= ?'
    const [ofA, ofB] = [a.prepare<{ n: number }>(text), b.prepare<{ n: number }>(text)]
    for (let round = 0; round < 3; round++) {
      expect([ofA.get([1])?.n, ofB.get([1])?.n]).toEqual([2, 1])
      expect([ofA.get([2])?.n, ofB.get([2])?.n]).toEqual([1, 0])
    }
    const insert = 'INSERT INTO items (id, name) VALUES (?, ?)'
    const [intoA, intoB] = [a.prepare(insert), b.prepare(insert)]
    intoA.run([3, 'three'])
    intoB.run([3, 'tres'])
    intoA.run([4, 'four'])
    expect([ofA.get([1])?.n, ofB.get([1])?.n]).toEqual([4, 2])
  })

  test('writes, batches of rows, constraints and plans are of one of them', () => {
    a.execute('CREATE UNIQUE INDEX by_name ON items (name)')
    b.execute('CREATE INDEX by_name ON items (price)')
    expect(() => a.execute(`INSERT INTO items VALUES (9, 'one')`)).toThrow(UniqueConstraintError)
    expect(b.execute(`INSERT INTO items (name) VALUES ('uno'), ('uno') RETURNING id`).rows).toEqual([
      { id: 2 },
      { id: 3 },
    ])
    expect(a.execute('UPDATE items SET name = upper(name)').rowsAffected).toBe(2)
    expect(b.execute('DELETE FROM items WHERE id > 1').rowsAffected).toBe(2)
    expect(a.execute('SELECT name FROM items ORDER BY id').rows).toEqual([{ name: 'ONE' }, { name: 'TWO' }])
    expect(b.execute('SELECT name FROM items').rows).toEqual([{ name: 'uno' }])
    expect(planOf(a, `SELECT * FROM items WHERE name = 'ONE'`)).toMatch(/by_name/)
    expect(planOf(b, `SELECT * FROM items WHERE name = 'ONE'`)).not.toMatch(/by_name/)
    expect(planOf(a, 'ANALYZE SELECT * FROM items')).toMatch(/rows=2 /)
    expect(planOf(b, 'ANALYZE SELECT * FROM items')).toMatch(/rows=1 /)
  })

  test('numbers that a table gives its rows are its own', () => {
    for (const ns of [a, b]) ns.execute('CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT)')
    for (let i = 0; i < 3; i++) a.execute(`INSERT INTO log (what) VALUES ('x')`)
    expect(b.execute(`INSERT INTO log (what) VALUES ('y') RETURNING id`).rows).toEqual([{ id: 1 }])
    expect(a.execute(`INSERT INTO log (what) VALUES ('z') RETURNING id`).rows).toEqual([{ id: 4 }])
  })

  test('lists and descriptions are of the namespace', () => {
    a.execute('CREATE TABLE more (x INTEGER)')
    a.execute('CREATE VIEW names AS SELECT name FROM items')
    b.execute('CREATE INDEX by_price ON items (price)')
    expect([a.listTables(), b.listTables(), db.listTables()]).toEqual([['items', 'more'], ['items'], []])
    expect(a.getTableSchema('items').columns.map(({ name }) => name)).toEqual(['id', 'name'])
    expect(b.getTableSchema('items').columns.map(({ name }) => name)).toEqual(['name', 'price', 'id'])
    expect(() => db.getTableSchema('items')).toThrow(QueryError)
    expect([a, b].map(ns => ns.listIndexes('items').map(({ name }) => name))).toEqual([[], ['by_price']])
    expect(a.execute('SHOW TABLES').rows).toHaveLength(2)
    expect(b.execute('PRAGMA table_info(items)').rows.map(row => row['name'])).toEqual(['name', 'price', 'id'])
    expect(b.execute('SELECT table_name FROM information_schema.tables').rows).toEqual([{ table_name: 'items' }])
    expect(db.execute('SELECT name FROM sqlite_master').rows).toEqual([])
    expect(() => b.execute('SELECT * FROM names')).toThrow(QueryError)
    expect(a.execute('SELECT name FROM names ORDER BY name').rows).toEqual([{ name: 'one' }, { name: 'two' }])
  })

  test('foreign keys stay within a namespace', () => {
    a.execute('CREATE TABLE parts (id INTEGER PRIMARY KEY, item INTEGER REFERENCES items ON DELETE CASCADE)')
    a.execute('INSERT INTO parts VALUES (1, 2)')
    expect(() => a.execute('INSERT INTO parts VALUES (2, 7)')).toThrow(ForeignKeyError)
    b.execute('DELETE FROM items')
    expect(a.execute('SELECT count(*) AS n FROM parts').rows).toEqual([{ n: 1 }])
    a.execute('DELETE FROM items WHERE id = 2')
    expect(a.execute('SELECT count(*) AS n FROM parts').rows).toEqual([{ n: 0 }])
    expect(() => db.execute('CREATE TABLE parts (item INTEGER REFERENCES items)')).toThrow(QueryError)
    b.execute('DROP TABLE items')
    expect(a.listTables()).toEqual(['items', 'parts'])
  })

  test('a plan of one is refused in another, whoever hands it over', () => {
    const prepared = new PreparedStatement(parseStatement('SELECT * FROM items').statement)
    const { native, database, values } = prepared.runnable(a, [])
    expect(native.all(a, database, values)).toHaveLength(2)
    for (const other of [b, db, db.snapshot(), db.beginTransaction()]) {
      expect(() => native.all(other, database, values)).toThrow(/prepared in another namespace/)
    }
  })

  test('plans of many namespaces, more than are kept, are found by nobody else', () => {
    const spaces = Array.from({ length: 40 }, (_, i) => db.createNamespace(`t${i}`))
    spaces.forEach((ns, i) => createItems(ns, `id INTEGER PRIMARY KEY, c${i} TEXT DEFAULT 'of ${i}'`))
    for (const ns of spaces) ns.execute('INSERT INTO items (id) VALUES (1)')
    for (let n = 0; n < 30; n++) {
      spaces.forEach((ns, i) => {
        expect(ns.execute(`SELECT *, ${n} AS n FROM items`).rows).toEqual([{ id: 1, [`c${i}`]: `of ${i}`, n }])
      })
    }
  })
})

describe('transactions', () => {
  test('one over several namespaces commits or rolls back as one', () => {
    const rename = (to: string) => (txn: Transaction) => {
      for (const name of ['a', 'b']) txn.namespace(name).execute('UPDATE items SET name = ? WHERE id = 1', [to])
      expect(txn.namespace('a').execute('SELECT name FROM items WHERE id = 1').rows).toEqual([{ name: to }])
      expect(() => txn.execute('SELECT * FROM items')).toThrow(QueryError)
    }
    const names = () => [a, b].map(ns => ns.execute('SELECT name FROM items WHERE id = 1').rows[0]!['name'])
    db.transaction(rename('x'))
    expect(names()).toEqual(['x', 'x'])
    expect(() =>
      db.transaction(txn => {
        rename('y')(txn)
        throw new Error('undo')
      }),
    ).toThrow('undo')
    expect(names()).toEqual(['x', 'x'])
    a.transaction(txn => txn.execute(`INSERT INTO items VALUES (3, 'three')`))
    expect(count(a)).toBe(3)
    expect(() => a.transaction(txn => txn.namespace('b').execute('SELECT 1'))).toThrow(NamespaceAccessError)
  })

  test('one that read a table conflicts with who wrote to it, and with nobody of another namespace', () => {
    const txn = db.beginTransaction()
    expect(count(txn.namespace('a'))).toBe(2)
    txn.namespace('b').execute(`INSERT INTO items VALUES ('n', 1, 100)`)
    b.execute(`INSERT INTO items VALUES ('dos', 2, 2)`)
    txn.commit()
    const other = db.beginTransaction()
    expect(count(other.namespace('a'))).toBe(2)
    other.namespace('b').execute(`INSERT INTO items VALUES ('m', 1, 101)`)
    a.execute(`INSERT INTO items VALUES (5, 'five')`)
    expect(() => other.commit()).toThrow(TransactionConflictError)
    expect(b.execute('SELECT id FROM items ORDER BY id').rows).toEqual([{ id: 1 }, { id: 2 }, { id: 100 }])
  })

  test('a failed statement is undone alone, and savepoints have their names through all of them', () => {
    db.transaction(txn => {
      const [inA, inB] = [txn.namespace('a'), txn.namespace('b')]
      inA.execute(`INSERT INTO items VALUES (3, 'three')`)
      expect(() => inB.execute(`INSERT INTO items (id) VALUES (8), (1)`)).toThrow(UniqueConstraintError)
      txn.execute('SAVEPOINT here')
      inA.execute('DELETE FROM items')
      inB.execute('DELETE FROM items')
      inB.execute('ROLLBACK TO here')
      inA.execute('RELEASE here')
    })
    expect([count(a), count(b)]).toEqual([3, 1])
  })

  test('changes of the schema are part of them', () => {
    const txn = db.beginTransaction()
    txn.namespace('a').execute('ALTER TABLE items ADD COLUMN size INTEGER DEFAULT 7')
    txn.namespace('b').execute('DROP TABLE items')
    txn.createNamespace('c').execute('CREATE TABLE fresh (x INTEGER)')
    expect(txn.namespace('a').execute('SELECT * FROM items WHERE id = 1').rows).toEqual([
      { id: 1, name: 'one', size: 7 },
    ])
    expect(txn.namespace('b').listTables()).toEqual([])
    expect(txn.namespace('c').listTables()).toEqual(['fresh'])
    expect(a.execute('SELECT * FROM items WHERE id = 1').rows).toEqual([{ id: 1, name: 'one' }])
    txn.abort()
    expect(a.execute('SELECT * FROM items WHERE id = 1').rows).toEqual([{ id: 1, name: 'one' }])
    expect(b.listTables()).toEqual(['items'])
    a.transaction(inner => {
      inner.execute('ALTER TABLE items RENAME TO things')
      expect(inner.getTableSchema('things').name).toBe('things')
      expect(inner.listIndexes('things')).toEqual([])
      expect(inner.getTableIndexPolicy('things')).toBe('balanced')
    })
    expect([a.listTables(), b.listTables()]).toEqual([['things'], ['items']])
  })

  test('queries over keys and prepared statements see what was written through their namespace', () => {
    db.transaction(txn => {
      const inA = txn.namespace('a')
      inA.put('doc/1', '{"x": 1}')
      expect([inA.query('doc/').count(), txn.query('doc/').count()]).toEqual([1, 0])
      const prepared = inA.prepare<{ n: number }>('SELECT count(*) AS n FROM items')
      inA.execute('DELETE FROM items')
      expect(prepared.get()?.n).toBe(0)
    })
  })
})

describe('dropping a namespace', () => {
  const everything = (ns: Namespace): (() => unknown)[] => [
    () => ns.execute('SELECT * FROM items'),
    () => ns.execute('SELECT 1'),
    () => ns.execute('INSERT INTO items (id) VALUES (77)'),
    () => ns.execute('CREATE TABLE others (x INTEGER)'),
    () => ns.execute('DROP TABLE items'),
    () => [...ns.iterate('SELECT * FROM items')],
    () => ns.prepare('SELECT * FROM items').all(),
    () => ns.listTables(),
    () => ns.getTableSchema('items'),
    () => ns.listIndexes('items'),
    () => ns.getTableIndexPolicy('items'),
    () => ns.setTableIndexPolicy('items', 'appendOnly'),
    () => ns.query('doc/').count(),
  ]

  test('takes force where there is a table, and takes the tables along', () => {
    expect(thrownBy(() => db.deleteNamespace('a'))).toMatchObject({ code: ErrorCode.NAMESPACE_NOT_EMPTY })
    a.execute('DELETE FROM items')
    expect(thrownBy(() => db.deleteNamespace('a'))).toMatchObject({ code: ErrorCode.NAMESPACE_NOT_EMPTY })
    const prepared = a.prepare('SELECT * FROM items')
    const insert = a.prepare('INSERT INTO items VALUES (?, ?)')
    expect(prepared.all()).toEqual([])
    insert.run([1, 'x'])
    db.deleteNamespace('a', { force: true })
    for (const call of [...everything(a), () => prepared.all(), () => insert.run([2, 'y'])]) {
      expect(call).toThrow(NamespaceNotFoundError)
    }
    const again = db.createNamespace('a')
    expect(again.listTables()).toEqual([])
    expect(() => again.execute('SELECT * FROM items')).toThrow(QueryError)
    createItems(again, 'id INTEGER PRIMARY KEY, other TEXT')
    expect(again.execute('SELECT * FROM items').rows).toEqual([])
    for (const call of everything(a)) expect(call).toThrow(NamespaceNotFoundError)
    expect(count(b)).toBe(1)
  })

  test('needs no force once its tables and views are dropped, whatever policy they had', () => {
    for (const policy of ['writeOptimized', 'scanOptimized', 'appendOnly'] as const) {
      a.execute(`CREATE TABLE ${policy} (x TEXT)`)
      const before = a.info().sizeBytes
      a.execute(`INSERT INTO ${policy} VALUES ('${'x'.repeat(100)}')`)
      a.setTableIndexPolicy(policy, policy)
      expect(a.info().sizeBytes - before).toBeGreaterThan(100)
      expect(a.info().sizeBytes - before).toBeLessThan(200)
    }
    a.execute('CREATE VIEW v AS SELECT 1 AS one')
    expect(a.info().tableCount).toBe(4)
    for (const name of a.listTables()) a.execute(`DROP TABLE ${name}`)
    expect(a.info()).toMatchObject({ tableCount: 0, sizeBytes: 0 })
    expect(thrownBy(() => db.deleteNamespace('a'))).toMatchObject({ code: ErrorCode.NAMESPACE_NOT_EMPTY })
    a.execute('DROP VIEW v')
    db.deleteNamespace('a')
    expect(db.namespaceExists('a')).toBe(false)
  })

  test('conflicts with a transaction that wrote to a table of it; a snapshot still reads', () => {
    const txn = db.beginTransaction()
    txn.namespace('a').execute(`INSERT INTO items VALUES (3, 'three')`)
    using snapshot = db.snapshot()
    db.deleteNamespace('a', { force: true })
    expect(() => txn.commit()).toThrow(TransactionConflictError)
    expect(snapshot.namespace('a').execute('SELECT name FROM items WHERE id = 2').rows).toEqual([{ name: 'two' }])
    expect(snapshot.namespace('a').listTables()).toEqual(['items'])
    db.compact()
    expect(count(snapshot.namespace('a'))).toBe(2)
  })
})

describe('index policies and indexes', () => {
  test('a table moves alone, with its rows and its indexes', () => {
    a.execute('CREATE INDEX by_name ON items (name)')
    for (const policy of ['writeOptimized', 'scanOptimized', 'appendOnly', 'balanced'] satisfies IndexPolicy[]) {
      a.setTableIndexPolicy('items', policy)
      expect([a, b].map(ns => ns.getTableIndexPolicy('items'))).toEqual([policy, 'balanced'])
      expect(a.execute(`SELECT id FROM items WHERE name = 'two'`).rows).toEqual([{ id: 2 }])
      expect(a.execute(`UPDATE items SET name = name || ''`).rowsAffected).toBe(2)
      expect([count(a), count(b)]).toEqual([2, 1])
    }
    b.execute(`ALTER TABLE items SET (index_policy = 'append_only')`)
    expect([a, b].map(ns => ns.getTableIndexPolicy('items'))).toEqual(['balanced', 'appendOnly'])
    expect(() => db.getTableIndexPolicy('items')).toThrow(QueryError)
    expect(() => db.setTableIndexPolicy('items', 'balanced')).toThrow(QueryError)
  })

  test('an index over many rows is built in steps, in its namespace alone', () => {
    a.execute(`INSERT INTO items SELECT value, 'n' || (value % 100) FROM generate_series(10, 12009)`)
    a.execute('CREATE INDEX by_name ON items (name)')
    expect(a.execute(`SELECT count(*) AS n FROM items WHERE name = 'n7'`).rows).toEqual([{ n: 120 }])
    expect(planOf(a, `SELECT id FROM items WHERE name = 'n7'`)).toMatch(/by_name/)
    expect(b.listIndexes('items')).toEqual([])
  })

  test('what writes a table anew does so where it is', () => {
    b.execute('ALTER TABLE items ALTER COLUMN price TYPE TEXT')
    expect(b.execute('SELECT price FROM items').rows).toEqual([{ price: '1.5' }])
    expect(count(a)).toBe(2)
    a.execute('TRUNCATE TABLE items')
    expect([count(a), count(b)]).toEqual([0, 1])
  })
})

describe('snapshots', () => {
  const ways: [string, () => Snapshot][] = [
    ['of a namespace', () => a.snapshot()],
    ['seen through it', () => db.snapshot().namespace('a')],
  ]

  test.each(ways)('one %s reads tables as they were', (_, open) => {
    using snapshot = open()
    const prepared = snapshot.prepare('SELECT * FROM items WHERE id = ?')
    expect(prepared.get([1])).toEqual({ id: 1, name: 'one' })
    a.execute('ALTER TABLE items ADD COLUMN size INTEGER DEFAULT 7')
    a.execute('DELETE FROM items WHERE id = 2')
    a.execute('CREATE TABLE others (x INTEGER)')
    for (let round = 0; round < 2; round++) {
      expect(snapshot.execute('SELECT * FROM items ORDER BY id').rows).toEqual([
        { id: 1, name: 'one' },
        { id: 2, name: 'two' },
      ])
      expect(prepared.get([1])).toEqual({ id: 1, name: 'one' })
      expect([...snapshot.iterate('SELECT id FROM items')]).toEqual([{ id: 1 }, { id: 2 }])
      expect(a.execute('SELECT * FROM items ORDER BY id').rows).toEqual([{ id: 1, name: 'one', size: 7 }])
    }
    expect(snapshot.listTables()).toEqual(['items'])
    expect(snapshot.getTableSchema('items').columns).toHaveLength(2)
    expect(snapshot.listIndexes('items')).toEqual([])
    expect(snapshot.getTableIndexPolicy('items')).toBe('balanced')
    expect(planOf(snapshot, 'SELECT * FROM items')).toMatch(/items/)
  })

  test('one refuses what writes, and says what to do', () => {
    using snapshot = a.snapshot()
    for (const statement of [
      `INSERT INTO items VALUES (3, 'x')`,
      'UPDATE items SET name = NULL',
      'DELETE FROM items',
      'CREATE TABLE t (x INTEGER)',
      'DROP TABLE items',
      'CREATE INDEX i ON items (name)',
      `ALTER TABLE items SET (index_policy = 'append_only')`,
    ]) {
      expect(thrownBy(() => snapshot.execute(statement))).toMatchObject({ code: ErrorCode.READ_ONLY })
    }
    expect(() => snapshot.execute('SAVEPOINT s')).toThrow(SochDBError)
    expect(count(a)).toBe(2)
    expect(a.listTables()).toEqual(['items'])
  })

  test('one of a moment in the past reads what was there then, of a table that was moved and dropped since', () => {
    const asOf = db.transaction(txn => txn.startTs)
    a.put('doc/1', '{"x": 1}')
    a.execute('UPDATE items SET name = upper(name)')
    a.setTableIndexPolicy('items', 'scanOptimized')
    a.execute('DROP TABLE items')
    using past = db.snapshot({ asOf })
    expect(past.namespace('a').execute('SELECT name FROM items ORDER BY id').rows).toEqual([
      { name: 'one' },
      { name: 'two' },
    ])
    expect(past.namespace('a').query('doc/').count()).toBe(0)
  })
})

describe('what else there is of a namespace', () => {
  test('the namespace default is the database, through its handle too', () => {
    createItems(db, 'id INTEGER PRIMARY KEY, z TEXT', `1, 'zero'`)
    const ns = db.namespace('default')
    expect(ns.execute('SELECT * FROM items').rows).toEqual([{ id: 1, z: 'zero' }])
    ns.execute(`INSERT INTO items VALUES (2, 'zwei')`)
    expect(count(db)).toBe(2)
    expect(db.namespaceInfo('default').tableCount).toBe(1)
  })

  test('copying takes keys, and leaves tables', () => {
    a.put('k', 'v')
    db.createNamespace('c')
    expect(db.copyBetweenNamespaces({ sourceNs: 'a', targetNs: 'c' })).toBe(1)
    expect(db.namespace('c').listTables()).toEqual([])
  })

  test('what is wrong with a statement is the usual error', () => {
    expect(() => a.execute('SELEC 1')).toThrow(/SELEC/)
    expect(() => a.execute('SELECT * FROM items WHERE id = ?', [])).toThrow(QueryError)
    expect(() => a.execute(1 as never)).toThrow(/text/)
    expect(() => a.setTableIndexPolicy('items', 'fast')).toThrow(SochDBError)
  })

  test('tables survive reopening, a backup and a compaction', () => {
    const [path, backup] = [directory('store'), directory('backup')]
    const first = Database.open(path)
    for (const name of ['a', 'b']) createItems(first.createNamespace(name), `id INTEGER PRIMARY KEY, ${name} TEXT`)
    first.namespace('a').execute(`INSERT INTO items VALUES (1, 'in a')`)
    first.namespace('b').execute(`INSERT INTO items VALUES (1, 'in b'), (2, 'too')`)
    first.namespace('b').setTableIndexPolicy('items', 'appendOnly')
    first.namespace('a').execute('CREATE INDEX by_a ON items (a)')
    first.createNamespace('gone').execute('CREATE TABLE items (x INTEGER)')
    first.deleteNamespace('gone', { force: true })
    first.compact()
    first.backup(backup)
    first.close()
    for (const at of [path, backup]) {
      using opened = Database.open(at)
      const [inA, inB] = [opened.namespace('a'), opened.namespace('b')]
      expect(inA.execute('SELECT * FROM items').rows).toEqual([{ id: 1, a: 'in a' }])
      expect(inB.execute('SELECT * FROM items ORDER BY id').rows).toEqual([
        { id: 1, b: 'in b' },
        { id: 2, b: 'too' },
      ])
      expect(inB.getTableIndexPolicy('items')).toBe('appendOnly')
      expect(inA.listIndexes('items').map(({ name }) => name)).toEqual(['by_a'])
      expect(opened.listTables()).toEqual([])
      expect(opened.verify().isValid).toBe(true)
    }
  })
})
