/** Regular expressions: random patterns against JavaScript's, the operators, the functions, what is refused. */
import { Database, QueryError } from '../../../src/index.js'
import { Random } from '../random.js'

let db: Database
beforeAll(() => (db = Database.open(':memory:')))
afterAll(() => db.close())

const value = (
  sql: string,
  params: readonly unknown[] = [],
  dialect: 'auto' | 'mysql' | 'postgres' = 'auto',
): unknown =>
  Object.values(db.execute<Record<string, unknown>>(`SELECT ${sql} AS x`, params as never, { dialect }).rows[0]!)[0]

const CHARACTERS = ['a', 'b', 'c', 'A', 'é', 'É', '1', '_', ' ', '\n', '-', 'ß']
const ATOMS = [
  'a',
  'b',
  'c',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\D',
  '\\W',
  '\\S',
  '[ab]',
  '[^a]',
  '[a-c1]',
  '[\\d_-]',
  'é',
  '😀',
  '\\x61',
]
const BORDERS = ['^', '$', '\\b', '\\B']
const REPEATS = ['', '', '', '', '*', '+', '?', '{2}', '{1,2}', '{1,}', '{0,2}']

/** A pattern, and whether it can match the empty text: what repeats never does, where engines differ in how loops end. */
function pattern(random: Random, depth: number): { text: string; empty: boolean } {
  const branches = Array.from({ length: random.chance(0.3) ? 2 : 1 }, () => {
    const items = Array.from({ length: 1 + random.below(3) }, () => {
      if (random.chance(0.1)) return { text: random.pick(BORDERS), empty: true }
      const group = depth > 0 && random.chance(0.35)
      const inside = group ? pattern(random, depth - 1) : { text: random.pick(ATOMS), empty: false }
      const text = group ? `${random.pick(['(', '(?:'])}${inside.text})` : inside.text
      const repeat = inside.empty ? '' : random.pick(REPEATS)
      const lazy = repeat !== '' && random.chance(0.3) ? '?' : ''
      return { text: text + repeat + lazy, empty: inside.empty || /^(\*|\?|\{0)/.test(repeat) }
    })
    return { text: items.map(item => item.text).join(''), empty: items.every(item => item.empty) }
  })
  return { text: branches.map(branch => branch.text).join('|'), empty: branches.some(branch => branch.empty) }
}

it('finds what RegExp of JavaScript finds', () => {
  const random = new Random(11)
  const statement = db.prepare<{ m: boolean; s: string | null; i: number; c: number; r: string }>(
    `SELECT regexp_like($1, $2, $3) AS m, regexp_substr($1, $2, 1, 1, $3) AS s, regexp_count($1, $2, 1, $3) AS c,
       regexp_replace($1, $2, '<\\&>', $3 || 'g') AS r`,
  )
  let matched = 0
  for (let i = 0; i < 1500; ++i) {
    const { text: source } = pattern(random, 2)
    const flags = random.pick(['', 'i', 's', 'm', 'im'])
    const regexp = new RegExp(source, `${flags}gu`)
    for (let k = 0; k < 4; ++k) {
      const text = Array.from({ length: random.below(9) }, () => random.pick(CHARACTERS)).join('')
      const all = [...text.matchAll(regexp)].map(match => match[0])
      const theirs = {
        m: all.length > 0,
        s: all[0] ?? null,
        c: all.length,
        r: text.replace(regexp, '<$&>'),
      }
      const ours = statement.execute([text, source, flags]).rows[0]
      expect({ source, flags, text, ...ours }).toEqual({ source, flags, text, ...theirs })
      if (theirs.m) ++matched
    }
  }
  expect(matched).toBeGreaterThan(1000)
})

it('gives the groups that RegExp of JavaScript gives', () => {
  const cases: [string, string][] = [
    ['(\\w+)-(\\d+)', 'see abc-12 and d-3'],
    ['(a|ab)(c|bcd)(d*)', 'abcd'],
    ['(a+?)(a*)(b)?', 'xaaa'],
    ['(?<x>b)|(c)', 'ac'],
  ]
  for (const [source, text] of cases) {
    const theirs = text.replace(new RegExp(source, 'u'), (...parts: unknown[]) => {
      const groups = parts.slice(1, 4).map(part => (typeof part === 'string' ? part : ''))
      return `[${groups.slice(0, (/\((?!\?:)/g[Symbol.match](source) ?? []).length).join('|')}]`
    })
    const count = (source.match(/\((?!\?:)/g) ?? []).length
    const replacement = `[${Array.from({ length: count }, (_, i) => `\\${i + 1}`).join('|')}]`
    expect(value('regexp_replace(?, ?, ?)', [text, source, replacement])).toBe(theirs)
  }
})

it('stands behind the operators', () => {
  expect(value("'abc' REGEXP 'b.'")).toBe(true)
  expect(value("'abc' NOT REGEXP 'b.'")).toBe(false)
  expect(value("'abc' RLIKE '^B'")).toBe(false)
  expect(value("'abc' RLIKE '^A'", [], 'mysql')).toBe(1)
  expect(value("'abc' ~ '^a'")).toBe(true)
  expect(value("'abc' ~* '^A'")).toBe(true)
  expect(value("'abc' !~ '^A'")).toBe(true)
  expect(value("'abc' !~* '^A'")).toBe(false)
  expect(value("'abc' REGEXP NULL")).toBe(null)
  expect(value("regexp('b', 'abc')")).toBe(true)
})

it('replaces the first match, or all; finds from a place on', () => {
  expect(value("regexp_replace('banana', 'a', 'o')")).toBe('bonana')
  expect(value("regexp_replace('banana', 'A', 'o', 'gi')")).toBe('bonono')
  expect(value("regexp_replace('banana', 'a', 'o')", [], 'mysql')).toBe('bonono')
  expect(value("regexp_replace('John Smith', '(\\w+) (\\w+)', '\\2, \\1 \\\\')")).toBe('Smith, John \\')
  expect(value("regexp_replace('abc', 'x*', '-', 'g')")).toBe('-a-b-c-')
  expect(value("regexp_substr('é1 b22 c333', '\\d+', 3)")).toBe('22')
  expect(value("regexp_substr('a1 b22 c333', '\\d+', 1, 3)")).toBe('333')
  expect(value("regexp_substr('a', 'b')")).toBe(null)
  expect(value("regexp_instr('éab', 'b')")).toBe(3)
  expect(value("regexp_instr('a', 'b')")).toBe(0)
  expect(value("regexp_count('a1b2', '[a-z]\\d')")).toBe(2)
})

it('reads characters, not halves of them', () => {
  expect(value("regexp_replace('a😀b', '', '-', 'g')")).toBe('-a-😀-b-')
  expect(value("regexp_substr('a😀b', '[😀-😂]b')")).toBe('😀b')
})

it('takes patterns that differ from row to row', () => {
  const sql = `SELECT count(*) AS n FROM generate_series(1, 3000) WHERE CAST(value AS TEXT) REGEXP ('^' || (value % 20) || '$')`
  expect(db.execute(sql).rows).toEqual([{ n: 19 }])
})

it('says what is wrong with a pattern, and needs no time to refuse an evil one', () => {
  expect(() => value("'a' REGEXP '(a)\\1'")).toThrow(QueryError)
  expect(() => value("'a' REGEXP '(a)\\1'")).toThrow(/refer back to a group, at character 5 of the pattern/)
  expect(() => value("'a' REGEXP 'a(?=b)'")).toThrow(/around it/)
  expect(() => value("regexp_like('a', 'a', 'q')")).toThrow(/no flag 'q'/)
  expect(value('? REGEXP ?', ['a'.repeat(50000), '(a*)*b'])).toBe(false)
})
