/** to_char(): what PostgreSQL gives, and what is refused. */
import { Database, QueryError } from 'sochdb'

let db: Database
beforeAll(() => {
  db = Database.open(':memory:')
})
afterAll(() => db.close())

const one = (sql: string, values: readonly unknown[]): unknown =>
  Object.values(db.execute<Record<string, unknown>>(sql, values).rows[0]!)[0]

/** By PostgreSQL 17; points in time have a zone here, UTC. */
const NUMBERS: [string, string, string][] = [
  ['1234567', '9,999,999', ' 1,234,567'],
  ['1234.5', 'FM9,999.00', '1,234.50'],
  ['-12', '999MI', ' 12-'],
  ['-12', 'S999', ' -12'],
  ['12', 'SG999', '+ 12'],
  ['-12', '999PR', ' <12>'],
  ['12', '999PR', '  12 '],
  ['0.5', '9.99', '  .50'],
  ['0.5', '0.99', ' 0.50'],
  ['0', 'FM9.99', '0.'],
  ['485', '000999', ' 000485'],
  ['1234', '99', ' ##'],
  ['-0.1', 'FM99.99', '-.1'],
  ['148.5', '999D999', ' 148.500'],
  ['148.5', 'FM999.990', '148.500'],
  ['3148.5', '9G999D999', ' 3,148.500'],
  ['12', 'PL99', '+ 12'],
  ['485.8', '"Good: "999" cents: ".999', 'Good:  485 cents: .800'],
  ['1e20', '99', ' ##'],
  ['0.05', '90%', '  0%'],
  ['2.5', '9', ' 3'],
  ['-7', 'FM00', '-07'],
]
const MOMENTS: [string, string, string][] = [
  ['2024-02-29 13:05:09.123', 'YYYY-MM-DD HH24:MI:SS.MS', '2024-02-29 13:05:09.123'],
  ['2024-02-29 13:05:09.123', 'FMDay, FMDDth FMMonth Y,YYY', 'Thursday, 29th February 2,024'],
  ['2024-02-29 13:05:09.123', 'DAY|Dy|mon|MONTH|', 'THURSDAY |Thu|feb|FEBRUARY |'],
  ['2024-02-29 13:05:09.123', 'HH12:MI AM, HH:MI p.m.', '01:05 PM, 01:05 p.m.'],
  ['2024-02-29 13:05:09.123', 'IYYY-"W"IW-ID IDDD', '2024-W09-4 060'],
  ['2024-02-29 13:05:09.123', 'Q CC WW W D DDD J SSSS US', '1 21 09 5 5 060 2460370 47109 123000'],
  ['2024-02-29 13:05:09.123', 'YYY YY Y IYY IY I', '024 24 4 024 24 4'],
  ['2024-02-29 13:05:09.123', 'TZ OF BC a.d.', 'UTC +00 AD a.d.'],
  ['2024-02-29 13:05:09.123', 'DDTH ddth', '29TH 29th'],
  ['0044-03-15 00:00:00', 'YYYY-MM-DD HH24:MI:SS.MS', '0044-03-15 00:00:00.000'],
  ['0044-03-15 00:00:00', 'FMDay, FMDDth FMMonth Y,YYY', 'Tuesday, 15th March 0,044'],
  ['0044-03-15 00:00:00', 'DAY|Dy|mon|MONTH|', 'TUESDAY  |Tue|mar|MARCH    |'],
  ['0044-03-15 00:00:00', 'HH12:MI AM, HH:MI p.m.', '12:00 AM, 12:00 a.m.'],
  ['0044-03-15 00:00:00', 'IYYY-"W"IW-ID IDDD', '0044-W11-2 072'],
  ['0044-03-15 00:00:00', 'Q CC WW W D DDD J SSSS US', '1 01 11 3 3 075 1737205 0 000000'],
  ['0044-03-15 00:00:00', 'YYY YY Y IYY IY I', '044 44 4 044 44 4'],
  ['0044-03-15 00:00:00', 'TZ OF BC a.d.', 'UTC +00 AD a.d.'],
  ['0044-03-15 00:00:00', 'DDTH ddth', '15TH 15th'],
  ['1999-01-03 23:59:59', 'YYYY-MM-DD HH24:MI:SS.MS', '1999-01-03 23:59:59.000'],
  ['1999-01-03 23:59:59', 'FMDay, FMDDth FMMonth Y,YYY', 'Sunday, 3rd January 1,999'],
  ['1999-01-03 23:59:59', 'DAY|Dy|mon|MONTH|', 'SUNDAY   |Sun|jan|JANUARY  |'],
  ['1999-01-03 23:59:59', 'HH12:MI AM, HH:MI p.m.', '11:59 PM, 11:59 p.m.'],
  ['1999-01-03 23:59:59', 'IYYY-"W"IW-ID IDDD', '1998-W53-7 371'],
  ['1999-01-03 23:59:59', 'Q CC WW W D DDD J SSSS US', '1 20 01 1 1 003 2451182 86399 000000'],
  ['1999-01-03 23:59:59', 'YYY YY Y IYY IY I', '999 99 9 998 98 8'],
  ['1999-01-03 23:59:59', 'TZ OF BC a.d.', 'UTC +00 AD a.d.'],
  ['1999-01-03 23:59:59', 'DDTH ddth', '03RD 03rd'],
]

test.each(NUMBERS)('%s as %s is %j', (number, picture, text) => {
  expect(one('SELECT to_char(CAST(? AS DECIMAL), ?)', [number, picture])).toBe(text)
  if (Number.isInteger(Number(number)) && Math.abs(Number(number)) < 2 ** 53) {
    expect(one('SELECT to_char(CAST(? AS INTEGER), ?)', [number, picture])).toBe(text)
  }
})

test.each(MOMENTS)('%s as %s is %j', (moment, picture, text) => {
  expect(one('SELECT to_char(CAST(? AS TIMESTAMP), ?)', [moment, picture])).toBe(text)
  expect(one('SELECT to_char(?, ?)', [moment, picture])).toBe(text)
})

test('reals have the digits that doubles have', () => {
  expect(one('SELECT to_char(?, ?)', [0.1, '9.99999999999999999'])).toBe('  .10000000000000')
  expect(one('SELECT to_char(?, ?)', [1234567.891, 'FM9,999,999.99'])).toBe('1,234,567.89')
  expect(one('SELECT to_char(?, ?)', [2.5, '9'])).toBe(' 2')
})

test('NULL and values of every type', () => {
  expect(one('SELECT to_char(NULL, ?)', ['9'])).toBeNull()
  expect(one('SELECT to_char(?, NULL)', [1])).toBeNull()
  expect(one('SELECT to_char(?, ?)', [new Date(Date.UTC(2026, 0, 2)), 'DD.MM.YYYY'])).toBe('02.01.2026')
  expect(() => one('SELECT to_char(?, ?)', ['soon', 'YYYY'])).toThrow(/a number or a point in time/)
  expect(() => one('SELECT to_char(?, ?)', [new Uint8Array(1), 'YYYY'])).toThrow(/a number or a point in time/)
})

test.each([
  [1, '999th', /unknown field: 'th'/],
  [1, 'RN', /unknown field: 'RN'/],
  [1, 'L99', /unknown field: 'L'/],
  [1, '9.9.9', /several decimal points/],
  [1, 'S9MI', /several signs/],
  [1, 'PR9', /PR stands behind all digits/],
  [1, '9"x', /quotation mark/],
  [1, '9'.repeat(401), /too many digits/],
  ['2026-01-01', 'YYYY f', /unknown field: 'f'/],
  ['2026-01-01', 'TMMonth', /unknown field: 'TMMonth'/],
  ['2026-01-01', 'RM', /unknown field: 'RM'/],
  ['2026-01-01', 'YYYY"', /quotation mark/],
])('to_char(%j, %j) is refused', (value, picture, message) => {
  const ask = () => one('SELECT to_char(?, ?)', [value, picture])
  expect(ask).toThrow(QueryError)
  expect(ask).toThrow(message)
})
