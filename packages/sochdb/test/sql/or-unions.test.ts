/** OR over keys: branches by the keys of each disjunct give the rows that the whole table gives, each once. */
import { Database } from 'sochdb'

import { Random } from './random.js'

let db: Database
beforeAll(() => {
  db = Database.open(':memory:')
  for (const name of ['keyed', 'bare']) {
    db.execute(`CREATE TABLE ${name} (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, c TEXT)`)
    db.execute(
      `INSERT INTO ${name} SELECT value, nullif(value * 7 % 50, 0), nullif(value * 13 % 41, 1), 'c' || (value % 9) FROM generate_series(1, 600)`,
    )
  }
  db.execute('CREATE INDEX keyed_a ON keyed (a)')
  db.execute('CREATE INDEX keyed_b ON keyed (b, c)')
})
afterAll(() => db.close())
const rows = (sql: string) => db.execute<Record<string, unknown>>(sql).rows.map(row => Object.values(row))
const plan = (sql: string) =>
  db
    .execute<{ plan: string }>(`EXPLAIN ${sql}`)
    .rows.map(row => row.plan)
    .join('\n')

test('each disjunct has a path of its own, and rows of an earlier one are left out', () => {
  expect(plan('SELECT c FROM keyed WHERE a = 5 OR b = 7')).toBe(
    [
      'union all',
      '  project keyed.c',
      '    scan keyed by keyed_a (a = 5) [c]',
      '  project keyed.c',
      '    filter not ((keyed.a = 5) is true)',
      '      scan keyed by keyed_b (b = 7) [c, a]',
    ].join('\n'),
  )
  expect(plan("SELECT id FROM keyed WHERE a = 5 OR c = 'c1'")).not.toMatch(/union/)
  expect(plan('SELECT count(*) FROM keyed WHERE a < 3 OR a > 47')).toMatch(/union/)
})

test('random conditions', () => {
  const random = new Random(11)
  const number = () => (random.chance(0.05) ? 'NULL' : String(random.below(52)))
  const simple = (): string =>
    random.pick([
      `a = ${number()}`,
      `b = ${number()}`,
      `b = ${number()} AND c = 'c${random.below(9)}'`,
      `a < ${random.below(4)}`,
      `a > ${47 + random.below(4)}`,
      `a BETWEEN ${random.below(50)} AND ${random.below(50)}`,
      `id = ${random.below(600)}`,
      `id IN (${number()}, ${number()}, 3)`,
      `b IN (${number()}, ${number()})`,
      `(a = ${number()} OR b = ${number()})`,
    ])
  let unions = 0
  for (let i = 0; i < 100; ++i) {
    const condition = Array.from({ length: 2 + random.below(3) }, simple).join(' OR ')
    const rest = random.pick(['', " AND c <> 'c3'", ' AND id > 100'])
    const tail = random.pick(['', ' LIMIT 1000'])
    const sql = (table: string) => `SELECT id, c FROM ${table} WHERE (${condition})${rest} ORDER BY id${tail}`
    if (plan(sql('keyed')).includes('union')) ++unions
    expect({ condition, rest, rows: rows(sql('keyed')) }).toEqual({ condition, rest, rows: rows(sql('bare')) })
    const count = (table: string) => `SELECT count(*) FROM ${table} WHERE (${condition})${rest}`
    expect(rows(count('keyed'))).toEqual(rows(count('bare')))
  }
  expect(unions).toBeGreaterThan(25)
})

test('writes change each row once', () => {
  for (const table of ['keyed', 'bare']) {
    db.execute(`UPDATE ${table} SET a = a + 1, b = b + 1 WHERE a = 5 OR b = 7 OR a = 6`)
    db.execute(`DELETE FROM ${table} WHERE a = 9 OR b = 8 AND c = 'c2'`)
  }
  expect(rows('SELECT * FROM keyed ORDER BY id')).toEqual(rows('SELECT * FROM bare ORDER BY id'))
})
