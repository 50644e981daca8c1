/** Functions in FROM: json_each and json_tree against SQLite, generate_series on its own. */
import { Database, QueryError } from '../../../src/index.js'
import { DEFAULT_NAMESPACE_ID } from '../../../src/engine/index.js'
import { catalogSnapshot, createTable } from '../../../src/sql/catalog/index.js'
import { parseStatement } from '../../../src/sql/parser/index.js'
import { compile } from '../../../src/sql/plan/compile.js'
import { catalogStore } from '../../../src/sql/session.js'
import { openPeer, plain } from './oracle.js'

const peer = openPeer()
let db: Database
beforeAll(() => {
  db = Database.open(':memory:')
  const columns = [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'doc', type: 'json', nullable: true },
  ] as const
  db.transaction(tx =>
    createTable(catalogStore(tx), DEFAULT_NAMESPACE_ID, { name: 't', columns, primaryKey: ['id'], indexes: [] }),
  )
  db.execute(`INSERT INTO t VALUES (1, '[1,2]'), (2, '{"a":"x","b":null}'), (3, '[]'), (4, NULL), (5, '[[3]]')`)
})
afterAll(() => db.close())

const rows = (sql: string, params: readonly unknown[] = []) =>
  db.execute<Record<string, unknown>>(sql, params as never).rows.map(row => Object.values(row))

const DOCUMENTS = [
  '{}',
  '[]',
  '17',
  '-2.5e1',
  'null',
  'true',
  '"x\\ny"',
  '[1,[2,[3,{}]],"é",null,false]',
  ' { "a" : 1 , "b":[ 1, {"c":2.50}, [] ], "a b":{"":true}, "x1":"\\u00fc", "é":0, "_u":1, "9":9, "a.b":[7] } ',
]
const PATHS = ['$', '$.a', '$.b', '$.b[1]', '$.b[1].c', '$[1]', '$[1][1][0]', '$.none', '$[9]', '$."a b"', '$.x1']

const meant = (value: unknown): unknown => {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return plain(value)
  return JSON.parse(value)
}
const COLUMNS = 'key, value, type, atom, fullkey, path'

describe.each(['json_each', 'json_tree'])('%s', name => {
  it.each(DOCUMENTS)('gives the rows SQLite gives: %s', document => {
    for (const path of [undefined, ...PATHS]) {
      const args = path === undefined ? '(?)' : '(?, ?)'
      const params = path === undefined ? [document] : [document, path]
      const sql = `SELECT ${COLUMNS} FROM ${name}${args}`
      const ours = rows(sql, params).map(row => row.map(plain))
      const theirs = peer.all(sql, params).map(row => Object.values(row).map(meant))
      // Of an element of a member, SQLite says "b[1]" for the key of a tree's root.
      const from = name === 'json_tree' && path === '$.b[1]' ? 1 : 0
      expect({ path, rows: ours.slice(from) }).toEqual({ path, rows: theirs.slice(from) })
    }
  })

  it('has no rows of NULL, and refuses what is no JSON and no path', () => {
    expect(rows(`SELECT * FROM ${name}(NULL)`)).toEqual([])
    expect(rows(`SELECT * FROM ${name}('[1]', NULL)`)).toEqual([])
    expect(() => rows(`SELECT * FROM ${name}('[1')`)).toThrow(/malformed JSON/)
    expect(() => rows(`SELECT * FROM ${name}('[1]', 'a')`)).toThrow(/bad JSON path/)
    expect(() => rows(`SELECT * FROM ${name}()`)).toThrow(QueryError)
  })
})

it('links the nodes of a tree by their ids', () => {
  const sql = `SELECT c.fullkey, p.fullkey AS above FROM json_tree('{"a":[1,{"b":2}]}') AS c
    LEFT JOIN json_tree('{"a":[1,{"b":2}]}') AS p ON p.id = c.parent ORDER BY c.id`
  expect(rows(sql)).toEqual([
    ['$', null],
    ['$.a', '$'],
    ['$.a[0]', '$.a'],
    ['$.a[1]', '$.a'],
    ['$.a[1].b', '$.a[1]'],
  ])
})

it('runs for each row of the table on its left', () => {
  expect(rows('SELECT t.id, e.key, e.value FROM t, json_each(t.doc) AS e ORDER BY t.id, e.id')).toEqual([
    [1, 0, 1],
    [1, 1, 2],
    [2, 'a', 'x'],
    [2, 'b', null],
    [5, 0, [3]],
  ])
  expect(
    rows('SELECT t.id, count(e.type) FROM t LEFT JOIN json_each(t.doc) AS e ON TRUE GROUP BY t.id ORDER BY 1'),
  ).toEqual([
    [1, 2],
    [2, 2],
    [3, 0],
    [4, 0],
    [5, 1],
  ])
  expect(rows('SELECT id FROM t WHERE EXISTS (SELECT 1 FROM json_each(t.doc) WHERE value = 2)')).toEqual([[1]])
})

it('yields more rows than a batch holds, and goes deep', () => {
  const many = JSON.stringify(Array.from({ length: 5000 }, (_, i) => i))
  expect(rows('SELECT count(*), sum(value) FROM json_each(?)', [many])).toEqual([[5000, 12497500]])
  const deep = '['.repeat(900) + ']'.repeat(900)
  expect(rows('SELECT count(*), max(length(fullkey)) FROM json_tree(?)', [deep])).toEqual([[900, 2698]])
})

describe('generate_series', () => {
  it('counts up and down', () => {
    expect(rows('SELECT value FROM generate_series(1, 4)')).toEqual([[1], [2], [3], [4]])
    expect(rows('SELECT value FROM generate_series(10, 1, -4)')).toEqual([[10], [6], [2]])
    expect(rows('SELECT value FROM generate_series(2, 1)')).toEqual([])
    expect(rows('SELECT value FROM generate_series(NULL, 1)')).toEqual([])
    expect(rows('SELECT sum(value) FROM generate_series(?, ?, ?)', [1, 3000, 1])).toEqual([[4501500]])
    expect(() => rows('SELECT * FROM generate_series(1, 2, 0)')).toThrow(/step/)
  })

  it('names its column as the statement says', () => {
    expect(rows('SELECT g.i FROM generate_series(1, 2) AS g (i)')).toEqual([[1], [2]])
    expect(
      rows('SELECT a.id, b.value FROM t AS a JOIN generate_series(1, a.id) AS b ON b.value > 3 ORDER BY 1, 2'),
    ).toEqual([
      [4, 4],
      [5, 4],
      [5, 5],
    ])
    const { statement } = parseStatement('SELECT * FROM generate_series(1, 1) AS g', { dialect: 'postgres' })
    const { columns } = compile(statement, catalogSnapshot(catalogStore(db), DEFAULT_NAMESPACE_ID, 0n), {
      dialect: 'postgres',
    })
    expect(columns.map(column => column.name)).toEqual(['g'])
    expect(() => rows('SELECT * FROM generate_series(1, 2) AS g (i, j)')).toThrow(/names 2 columns; it has 1/)
    expect(() => rows('SELECT * FROM generate_serie(1, 2)')).toThrow(/generate_series/)
  })
})
