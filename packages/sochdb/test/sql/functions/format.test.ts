/** format() against SQLite's: every directive with flags, widths and precisions. */
import { Database } from '../../../src/index.js'
import { openPeer, plain, sqlOf, theirValue } from './oracle.js'

const peer = openPeer()
let db: Database
beforeAll(() => (db = Database.open(':memory:')))
afterAll(() => db.close())

type Value = string | number | null
const call = (format: string, args: readonly Value[]) => `printf(${[format, ...args].map(sqlOf).join(', ')})`
const ours = (sql: string) => plain(db.execute<{ x: unknown }>(`SELECT ${sql} AS x`).rows[0]!.x)

const FLAGS = ['', '-', '+', ' ', '0', '+0', '-+']
const SIZES = ['', '1', '8', '.3', '.0', '9.2']
const INTEGERS = [0, 1, -1, 42, -1234567, 9007199254740991, null]
const REALS = [0, 0.5, -1.25, 2.5, 9.9999999, 0.00012345, 1234567.5, 2 / 3, 123456.789, 1e-7, -2e20, 3, null]
const WORDS = ['abc', "it's", 'a"b', null]
const WIDE = ['', 'größer', '日本']

const GROUPS: [string, readonly string[], readonly Value[]][] = [
  ['diuxXo', [...FLAGS, '#'], INTEGERS],
  ['feEgG', [...FLAGS, '!', '#', ','], REALS],
  ['szqQwc', ['', '-', '!'], WORDS],
  // SQLite counts bytes without it; we do not.
  ['szqQw', ['!', '-!'], WIDE],
]
const CASES = GROUPS.flatMap(([types, flags, values]) => [...types].map(type => ({ type, flags, values })))

it.each(CASES)('%$type gives what SQLite gives', ({ type, flags, values }) => {
  for (const flag of flags) {
    for (const size of SIZES) {
      for (const value of values) {
        // SQLite cuts the word NULL, and ends the text at a character that is none.
        if (value === null && (type === 'c' || ('qQw'.includes(type) && size.includes('.')))) continue
        const sql = call(`<%${flag}${size}${type}>`, [value])
        expect({ sql, x: ours(sql) }).toEqual({ sql, x: theirValue(peer, sql) })
      }
    }
  }
})

it.each([
  ['%,d', [1234567]],
  ['%,d|%,d|%,d', [0, 999, -1000]],
  ['100%% of %s', ['it']],
  ['%*d|%-*d|%.*f', [5, 42, 5, 42, 1, 2.55]],
  ['%s and %s', ['one']],
  ['%d %s', []],
  ['%5%|', []],
  ['plain', [1, 2]],
  ['a%', []],
  ['%.2f €', [1.5]],
  ['%!5.1s|', ['öäü']],
  ['%.3c', ['xy']],
  ['%lld', [5]],
  ['%!.3f %!g', [2.5, 3]],
  ['%d', [2.7]],
  ['%s %s', [1, 2.5]],
] as [string, (string | number)[]][])('%s', (format, args) => {
  const sql = call(format, args)
  expect(ours(sql)).toBe(theirValue(peer, sql))
})

it('counts characters, not bytes', () => {
  expect(ours("format('<%8s>', 'größer')")).toBe('<  größer>')
  expect(ours("format('%.3s', 'größer')")).toBe('grö')
})

it("has PostgreSQL's names and literals", () => {
  expect(ours("format('%I = %L', 'plain_1', 'it''s')")).toBe("plain_1 = 'it''s'")
  expect(ours(`format('%I %I %L', 'Mixed "x"', '1a', NULL)`)).toBe('"Mixed ""x""" "1a" NULL')
  expect(() => ours("format('%I', NULL)")).toThrow(/must not be NULL/)
})

it('is NULL of NULL, and bounded', () => {
  expect(ours('format(NULL, 1)')).toBe(null)
  expect(ours("length(format('%99999999d', 1))")).toBe(1000000)
})

it('says what it does not take', () => {
  expect(() => ours("format('%d', 'abc')")).toThrow(/no number/)
  expect(() => ours("format('%y', 1)")).toThrow(/there is no directive %y/)
  expect(() => ours('format(12332.1234, 2)')).toThrow(/takes a text with directives first/)
})
