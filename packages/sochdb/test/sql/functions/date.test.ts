/** Functions of dates and times, against SQLite where it has them. */
import { Database } from '../../../src/index.js'
import type { Expression } from '../../../src/sql/ast/nodes.js'
import { bin, fn, lit, p } from '../support.js'
import { near, openPeer, plain, product, sqlOf, theirValue, valueOf } from './oracle.js'
import type { Argument } from './oracle.js'

const peer = openPeer()
let db: Database
beforeAll(() => (db = Database.open(':memory:')))
afterAll(() => db.close())

const MOMENTS: Argument[] = [
  null,
  '2024-02-29',
  '2024-01-31 23:59:59.999',
  '2023-12-31T12:34:56Z',
  '2021-01-01 00:30+02:00',
  '1969-07-20 20:17',
  '0001-01-01',
  '9999-12-31 23:59:59',
  '-0044-03-15',
  '12:34:56.789',
  '2023-13-01',
  'tomorrow',
  '',
  2460000.5,
  0,
  1700000000,
  -1,
]
const MODIFIERS: Argument[] = [
  null,
  '+1 day',
  '-1 month',
  '+1 month',
  '+1.5 years',
  '-100 years',
  '+90 minutes',
  '-0.001 seconds',
  '3 hours',
  'start of month',
  'start of year',
  'start of day',
  'weekday 0',
  'weekday 3',
  'weekday 7',
  'unixepoch',
  'julianday',
  'auto',
  '+01:30',
  '-01:30:15.5',
  '+0001-02-03',
  '-0001-02-03 04:05',
  'subsec',
  '+10000 years',
  'nonsense',
  '+1 fortnight',
]
const FORMATS: Argument[] = [
  '%Y-%m-%d %H:%M:%S',
  '%d %e %f %j %J',
  '%s %w %u %W %U %%',
  '%G %g %V %F %T %R %I %l %k %p %P',
  '%Q',
  'x%',
  '',
]
const functions = ['date', 'time', 'datetime', 'julianday', 'unixepoch']
const CASES: Record<string, readonly (readonly Argument[])[][]> = {
  ...Object.fromEntries(
    functions.map(name => [
      name,
      [
        [[...MOMENTS, '2023-02-31']],
        [MOMENTS, name === 'unixepoch' ? MODIFIERS.filter(m => m !== 'subsec') : MODIFIERS],
        [MOMENTS, ['unixepoch', 'auto', '+1 month'], ['weekday 1', '+31 days', 'start of month']],
      ],
    ]),
  ),
  strftime: [
    [FORMATS, MOMENTS.filter(m => m !== '-0044-03-15')],
    [FORMATS.slice(0, 2), MOMENTS, MODIFIERS.slice(0, 12)],
  ],
}

const ours = (name: string, ...args: Argument[]) => plain(valueOf(db, fn(name, ...args.map(arg => lit(arg as string)))))

describe('what SQLite gives', () => {
  test.each(Object.keys(CASES))('%s', name => {
    for (const lists of CASES[name]!) {
      for (const args of product(...lists)) {
        const sql = `${name}(${args.map(sqlOf).join(', ')})`
        expect([sql, near(ours(name, ...args))]).toEqual([sql, near(plain(theirValue(peer, sql)))])
      }
    }
  })
})

const ts = (text: string): Expression => ({ kind: 'cast', operand: lit(text), type: 'timestamp' })

test.each([
  ['year', 2024],
  ['month', 2],
  ['day', 29],
  ['hour', 13],
  ['minute', 45],
  ['second', 30.25],
  ['dow', 4],
  ['isodow', 4],
  ['doy', 60],
  ['week', 9],
  ['quarter', 1],
  ['decade', 202],
  ['century', 21],
  ['millennium', 3],
  ['epoch', 1709214330.25],
])('extract(%s) is %d', (field, expected) => {
  expect(valueOf(db, fn('extract', lit(field), ts('2024-02-29 13:45:30.25')))).toBe(expected)
  expect(valueOf(db, fn('date_part', lit(field), lit('2024-02-29 13:45:30.25')))).toBe(expected)
})

test.each([
  ['second', '2024-02-29T13:45:30.000Z'],
  ['hour', '2024-02-29T13:00:00.000Z'],
  ['day', '2024-02-29T00:00:00.000Z'],
  ['week', '2024-02-26T00:00:00.000Z'],
  ['month', '2024-02-01T00:00:00.000Z'],
  ['quarter', '2024-01-01T00:00:00.000Z'],
  ['year', '2024-01-01T00:00:00.000Z'],
  ['decade', '2020-01-01T00:00:00.000Z'],
  ['century', '2001-01-01T00:00:00.000Z'],
])('date_trunc(%s) is %s', (field, expected) => {
  expect(valueOf(db, fn('date_trunc', lit(field), ts('2024-02-29 13:45:30.25')))).toEqual(new Date(expected))
})

test.each([
  ['2024-01-31', '+', '1 month', '2024-02-29T00:00:00.000Z'],
  ['2024-03-31', '-', '1 month', '2024-02-29T00:00:00.000Z'],
  ['2024-01-01', '+', '1 day 2 hours', '2024-01-02T02:00:00.000Z'],
  ['2024-01-01', '+', 'P1Y2M3DT4H5M6S', '2025-03-04T04:05:06.000Z'],
  ['2024-01-01', '-', '90 minutes', '2023-12-31T22:30:00.000Z'],
  ['2024-01-01', '+', '1 week ago', '2023-12-25T00:00:00.000Z'],
  ['2024-01-01', '+', '-1 year 01:30:00', '2023-01-01T01:30:00.000Z'],
  ['2024-01-01', '+', '1.5 days', '2024-01-02T12:00:00.000Z'],
] as const)('%s %s interval %j', (start, operator, interval, expected) => {
  expect(valueOf(db, fn(operator === '+' ? 'date_add' : 'date_sub', ts(start), lit(interval)))).toEqual(
    new Date(expected),
  )
})

test('points in time subtract to days, and are made of parts', () => {
  expect(valueOf(db, bin(ts('2024-01-02 12:00'), '-', ts('2024-01-01')))).toBe(1.5)
  expect(valueOf(db, fn('datediff', lit('2024-03-01'), lit('2024-02-28 23:00')))).toBe(2)
  expect(valueOf(db, fn('to_timestamp', lit(1.5)))).toEqual(new Date(1500))
  const parts = [2024, 2, 29, 1, 2].map(lit)
  expect(valueOf(db, fn('make_timestamp', ...parts, lit(3.5)))).toEqual(new Date('2024-02-29T01:02:03.500Z'))
  expect(valueOf(db, fn('date_format', lit('2024-02-09 13:05:00'), lit('%W %e %M %Y %h:%i %p')))).toBe(
    'Friday 9 February 2024 01:05 PM',
  )
  expect(valueOf(db, fn('last_day', lit('2024-02-09 13:05:00')))).toBe('2024-02-29')
  expect(valueOf(db, fn('year', p(0)), [new Date('2024-02-29T00:00:00Z')])).toBe(2024)
  expect(() => valueOf(db, fn('extract', lit('moon'), lit('2024-01-01')))).toThrow(
    /date_part\(\): there is no field 'moon'/,
  )
  expect(() => valueOf(db, fn('date_add', ts('2024-01-01'), lit('1 moon')))).toThrow(/'1 moon' is no interval/)
})

test('now is the time of the statement', () => {
  const before = Date.now()
  const now = valueOf(db, fn('now')) as Date
  expect(now.getTime()).toBeGreaterThanOrEqual(before)
  expect(valueOf(db, fn('current_date'))).toBe(new Date().toISOString().slice(0, 10))
  expect(valueOf(db, bin(fn('datetime', lit('now')), '=', fn('datetime')))).toBe(true)
  expect(valueOf(db, bin(fn('unixepoch'), '>=', lit(Math.floor(before / 1000))))).toBe(true)
  expect(valueOf(db, bin(fn('julianday', lit('now')), '=', fn('julianday', fn('now'))))).toBe(true)
})
