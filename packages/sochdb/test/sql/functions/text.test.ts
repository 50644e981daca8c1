/** Functions of text, against SQLite where it has them, by value where it has not. */
import { Database, QueryError } from '../../../src/index.js'
import { fn, lit } from '../support.js'
import { openPeer, plain, product, sqlOf, theirValue, valueOf } from './oracle.js'
import type { Argument } from './oracle.js'

const peer = openPeer()
let db: Database
beforeAll(() => (db = Database.open(':memory:')))
afterAll(() => db.close())

const TEXTS: Argument[] = [null, '', 'a', 'abcabc', 'Zürich', '日本語テキスト', ' \t x ', "it's", '😀a😀', 'ÀÉÎ', '%_']
const SMALL = [null, 0, 1, 2, 3, -1, -2, -7, 100]
const HUGE = [9007199254740991, -9007199254740991]
const BLOBS: Argument[] = [new Uint8Array(), Uint8Array.of(0, 255, 7, 65), Buffer.from('ü')]

const ours = (name: string, ...args: Argument[]) => plain(valueOf(db, fn(name, ...args.map(arg => lit(arg as string)))))

const CASES: Record<string, readonly (readonly Argument[])[][]> = {
  substr: [
    [
      [...TEXTS, ...BLOBS.slice(1)],
      [...SMALL, ...HUGE],
    ],
    [
      [...TEXTS, ...BLOBS.slice(1)],
      [...SMALL, ...HUGE],
      [...SMALL, ...HUGE],
    ],
  ],
  replace: [[TEXTS, [...TEXTS, 'abc', 'b'], ['', 'ü', 'abca']]],
  trim: [[TEXTS], [TEXTS, ['', 'a', 'ca', '😀', ' \t', null]]],
  ltrim: [[TEXTS], [TEXTS, ['', 'a', 'ca', '😀', ' \t', null]]],
  rtrim: [[TEXTS], [TEXTS, ['', 'a', 'ca', '😀', ' \t', null]]],
  instr: [
    [TEXTS, [...TEXTS, 'c', '本', 'x']],
    [BLOBS, BLOBS],
  ],
  unicode: [[TEXTS]],
  char: [[SMALL.map(n => (n ?? 65) + 900)], [[65, 8364, 128512, 1114112, -5], [66]]],
  concat: [[TEXTS], [TEXTS, [null, 1, 'z']], [TEXTS, SMALL, TEXTS]],
  concat_ws: [[[null, ',', ''], TEXTS, [null, 'x'], [5]]],
  octet_length: [[TEXTS], [BLOBS]],
  glob: [
    [
      [
        '*',
        '?',
        'a*',
        '*a',
        '*b*',
        '[a-c]*',
        '[^a-c]*',
        '*[',
        '[]x]',
        '[a',
        '?ü*',
        '',
        '*語*',
        '[😀]*',
        'a[b-]c*',
        null,
      ],
      TEXTS,
    ],
  ],
}

describe('what SQLite gives', () => {
  test.each(Object.keys(CASES))('%s', name => {
    for (const lists of CASES[name]!) {
      for (const args of product(...lists)) {
        const sql = `${name}(${args.map(sqlOf).join(', ')})`
        expect([sql, ours(name, ...args)]).toEqual([sql, plain(theirValue(peer, sql))])
      }
    }
  })
})

test.each([
  ['left', ['Zürich', 3], 'Zür'],
  ['left', ['Zürich', -2], 'Züri'],
  ['left', ['ab', -5], ''],
  ['right', ['Zürich', 3], 'ich'],
  ['right', ['Zürich', -2], 'rich'],
  ['right', ['ab', 9], 'ab'],
  ['right', ['ab', 0], ''],
  ['lpad', ['7', 3, '0'], '007'],
  ['lpad', ['7', 6, 'üx'], 'üxüxü7'],
  ['lpad', ['abc', 2], 'ab'],
  ['rpad', ['7', 3, '0'], '700'],
  ['rpad', ['7', 3, ''], '7'],
  ['rpad', ['7', 3], '7  '],
  ['reverse', ['Zü😀'], '😀üZ'],
  ['repeat', ['ab', 3], 'ababab'],
  ['repeat', ['ab', -3], ''],
  ['initcap', ['hello wORLD x1y'], 'Hello World X1y'],
  ['split_part', ['a,b,c', ',', 2], 'b'],
  ['split_part', ['a,b,c', ',', -1], 'c'],
  ['split_part', ['a,b,c', ',', 9], ''],
  ['split_part', ['a', ',', 1], 'a'],
  ['translate', ['12345', '143', 'ax'], 'a2x5'],
  ['overlay', ['Txxxxas', 'hom', 2, 4], 'Thomas'],
  ['overlay', ['abc', 'X', 2], 'aXc'],
  ['nocase', ['AbÜ'], 'abÜ'],
  ['ascii', ['x'], 120],
  ['chr', [8364], '€'],
  ['strpos', ['high', 'ig'], 2],
  ['substring', ['abc', 2], 'bc'],
  ['substring_index', ['www.a.com', '.', 2], 'www.a'],
  ['substring_index', ['www.a.com', '.', -2], 'a.com'],
  ['substring_index', ['www.a.com', '.', -9], 'www.a.com'],
  ['lower', [12], '12'],
] as [string, Argument[], Argument][])('%s(%j) is %j', (name, args, expected) => {
  expect(ours(name, ...args)).toEqual(expected)
})

test('errors name the function', () => {
  expect(() => ours('split_part', 'a', ',', 0)).toThrow(/split_part\(\): parts count from 1/)
  expect(() => ours('split_part', 'a', ',', 0)).toThrow(QueryError)
  expect(() => ours('repeat', 'abc', 1e15)).toThrow(/512 MiB/)
  expect(() => ours('lpad', 'abc', 1e15)).toThrow(/512 MiB/)
  expect(() => ours('substr', 'a')).toThrow(/substr\(\) takes 2 to 3 arguments; this call has 1/)
  expect(() => ours('subst', 'a')).toThrow(/Did you mean "substr"/)
})
