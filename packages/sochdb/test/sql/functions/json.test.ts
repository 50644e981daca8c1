/** Functions of JSON, against SQLite where it has them. Ours give JSON as what it holds, so both sides are parsed. */
import { Database } from '../../../src/index.js'
import type { Expression } from '../../../src/sql/ast/nodes.js'
import { bin, fn, lit, p } from '../support.js'
import { openPeer, plain, product, sqlOf, theirValue, valueOf } from './oracle.js'
import type { Argument } from './oracle.js'

const peer = openPeer()
let db: Database
beforeAll(() => (db = Database.open(':memory:')))
afterAll(() => db.close())

const DOCUMENTS: Argument[] = [
  null,
  '{}',
  '[]',
  ' { "a" : 1 , "b":[ 1, 2.50, "x" , null,true], "c":{"d":{"e":"f"}}, "a b":"\\u00fc\\n\\ud83d\\ude00\\"", "z":null } ',
  '[[1,[2]],{"a":[{"b":3}]},-0.5e3,12345678901234567890,"é"]',
  '"text"',
  '17',
  'null',
  'true',
]
const BROKEN: Argument[] = ['', '{', '[1,]', '{"a":}', '{a:1}', "{'a':1}", '[1 2]', '01', '"a\nb"', 'nul', '[1]]']
const PATHS: Argument[] = [
  null,
  '$',
  '$.a',
  '$.b',
  '$.b[0]',
  '$.b[1]',
  '$.b[2]',
  '$.b[3]',
  '$.b[#-1]',
  '$.b[9]',
  '$.c.d.e',
  '$."a b"',
  '$.z',
  '$[0]',
  '$[0][1][0]',
  '$[1].a[0].b',
  '$[2]',
  '$[3]',
  '$.x.y',
  '$[#]',
]
const KEYS: Argument[] = [null, 'a', 'b', 'a b', 0, 1, -1, 7, '$.c.d', '[0]', 'c', 'none']
const VALUES: Argument[] = [null, 1, 2.5, 'x"y\\', '[1]', 1e300]

/** Containers and numbers come as values here, as text there. */
function meet(ours: unknown, theirs: unknown): [unknown, unknown] {
  const isJson = ours instanceof Object && !(ours instanceof Uint8Array)
  return [plain(ours), isJson && typeof theirs === 'string' ? JSON.parse(theirs) : plain(theirs)]
}
const orRefused = (body: () => unknown): unknown => {
  try {
    return body()
  } catch {
    return 'refused'
  }
}
/** What is JSON is compared as text: to the letter. */
const OPEN = new Set(['json_extract', 'json_type', 'json_array_length', 'json_valid', '->>'])
const asText = (name: string, e: Expression): Expression =>
  OPEN.has(name) ? e : { kind: 'cast', operand: e, type: 'text' }
const ours = (name: string, ...args: Argument[]) =>
  orRefused(() => valueOf(db, asText(name, fn(name, ...args.map(arg => lit(arg as string))))))
const theirs = (sql: string) => orRefused(() => theirValue(peer, sql))

const CASES: Record<string, readonly (readonly Argument[])[][]> = {
  json: [[[...DOCUMENTS, ...BROKEN]]],
  json_valid: [[[...DOCUMENTS, ...BROKEN, 12]]],
  json_extract: [
    [
      [...DOCUMENTS, '['],
      [...PATHS.slice(1), 'a', '$x', '$.'],
    ],
    [DOCUMENTS, PATHS.slice(1), ['$.a', '$.b']],
  ],
  json_type: [[[...DOCUMENTS, '[']], [DOCUMENTS, PATHS]],
  json_array_length: [[[...DOCUMENTS, '[']], [DOCUMENTS, PATHS]],
  json_quote: [[VALUES]],
  json_array: [[], [VALUES], [VALUES, VALUES]],
  json_object: [[], [['a', 'é"'], VALUES], [['a'], VALUES, ['b', 'a'], [1]], [[null], [1]], [['a']]],
  json_insert: [[DOCUMENTS, [...PATHS.slice(1), '$.new', '$.b[#]', '$.new.deep[0].x', '$.b[5]', '$.new[1]'], VALUES]],
  json_set: [[DOCUMENTS, [...PATHS.slice(1), '$.new', '$.b[#]', '$.new.deep[0].x', '$.b[5]', '$.new[1]'], VALUES]],
  json_replace: [[DOCUMENTS, [...PATHS.slice(1), '$.new', '$.b[#]'], VALUES]],
  json_remove: [
    [DOCUMENTS, PATHS],
    [DOCUMENTS, ['$.b[0]', '$.a'], ['$.b[0]', '$.c.d']],
  ],
  json_patch: [[DOCUMENTS, [...DOCUMENTS, '{"a":null,"c":{"d":null,"n":{"m":1}}}', '{"b":{"k":1}}']]],
}

describe('what SQLite gives', () => {
  test.each(Object.keys(CASES))('%s', name => {
    for (const lists of CASES[name]!) {
      for (const args of product(...lists)) {
        // Ours are strict (RFC 8259); SQLite also reads JSON5.
        const sql = `${name}(${args.map(sqlOf).join(', ')})`
        if (args.some(arg => arg === '{a:1}' || arg === "{'a':1}" || arg === '[1,]' || arg === '"a\nb"')) {
          expect([sql, ours(name, ...args)]).toEqual([sql, name === 'json_valid' ? false : 'refused'])
        } else {
          const [mine, wanted] = meet(ours(name, ...args), theirs(sql))
          expect([sql, mine]).toEqual([sql, wanted])
        }
      }
    }
  })

  test.each(['->', '->>'] as const)('%s', operator => {
    for (const [json, key] of product(DOCUMENTS, KEYS)) {
      const sql = `${sqlOf(json!)} ${operator} ${sqlOf(key!)}`
      const expression = bin(lit(json as string), operator, lit(key as string))
      const value = orRefused(() => valueOf(db, asText(operator, expression)))
      const [mine, wanted] = meet(value, theirs(sql))
      expect([sql, mine]).toEqual([sql, wanted])
    }
  })
})

test('members bring their own types, and meet columns and literals in them', () => {
  const document = { n: 41, s: 'x', ok: true, list: [1, { deep: 'yes' }], big: 1.5 }
  const member = (key: string): Expression => bin(p(0), '->>', lit(key))
  const value = (e: Expression) => valueOf(db, e, [document])
  expect(value(bin(member('n'), '+', lit(1)))).toBe(42)
  expect(value(bin(member('n'), '=', lit(41)))).toBe(true)
  expect(value(bin(member('s'), '=', lit('x')))).toBe(true)
  expect(value(fn('upper', member('s')))).toBe('X')
  expect(value(member('ok'))).toBe(true)
  expect(value(fn('round', member('big')))).toBe(2)
  expect(value(bin(p(0), '->', lit('list')))).toEqual([1, { deep: 'yes' }])
  expect(value(bin(bin(bin(p(0), '->', lit('list')), '->', lit(-1)), '->>', lit('deep')))).toBe('yes')
  expect(value(fn('coalesce', member('none'), lit('nothing')))).toBe('nothing')
  expect(value(fn('json_array', member('list'), member('n'), lit('[1]')))).toEqual(['[1,{"deep":"yes"}]', 41, '[1]'])
})

test('what SQLite has not', () => {
  const j = (text: string): Expression => ({ kind: 'cast', operand: lit(text), type: 'json' })
  const contains = (whole: string, part: string) => valueOf(db, fn('json_contains', j(whole), j(part)))
  expect(contains('{"a":[1,2,{"b":3}],"c":4}', '{"a":[{"b":3},1]}')).toBe(true)
  expect(contains('{"a":1}', '{"a":1.0}')).toBe(true)
  expect(contains('{"a":1}', '{"a":1,"b":2}')).toBe(false)
  expect(contains('[1,2]', '2')).toBe(true)
  expect(contains('[[1,2]]', '[2]')).toBe(false)
  expect(valueOf(db, fn('json_keys', lit('{"b":1,"a":{}}')))).toEqual(['b', 'a'])
  expect(valueOf(db, fn('json_typeof', lit('12')))).toBe('number')
  expect(valueOf(db, fn('json_extract_path', lit('{"a":[5,{"b":6}]}'), lit('a'), lit('1'), lit('b')))).toBe(6)
  // Quotes and backslashes of a name stand behind a backslash.
  expect(valueOf(db, fn('json_extract', lit('{"a\\"b\\\\c":7}'), lit('$."a\\"b\\\\c"')))).toBe(7)
  expect(valueOf(db, fn('json_array', fn('concat', lit(1)), lit(true), lit(null)))).toEqual(['1', true, null])
  expect(() => valueOf(db, fn('json_extract', lit('{'), lit('$')))).toThrow(/json_extract\(\): malformed JSON/)
  expect(() => valueOf(db, fn('json_extract', lit('{}'), lit('a')))).toThrow(/bad JSON path: 'a'/)
  expect(() => valueOf(db, fn('json', lit('['.repeat(5000))))).toThrow(/json\(\): malformed JSON/)
})
