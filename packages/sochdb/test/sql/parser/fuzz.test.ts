/** No text makes the parser do anything but parse or throw a QueryError; and what parses, prints and parses again. */
import { QueryError } from '../../../src/errors/index.js'
import { printStatement, shapeOf } from '../../../src/sql/ast/index.js'
import type { DataStatement } from '../../../src/sql/ast/nodes.js'
import { parseScript, parseStatement } from '../../../src/sql/parser/index.js'
import type { Dialect, Parsed } from '../../../src/sql/parser/index.js'
import { Random } from '../random.js'
import { bare } from './bare.js'
import { MYSQL, POSTGRES, SQLITE } from './corpus.js'

const DIALECTS: readonly Dialect[] = ['auto', 'sqlite', 'postgres', 'mysql']
const CORPUS = [...SQLITE, ...POSTGRES, ...MYSQL]
const TOKENS = [...new Set(CORPUS.flatMap(text => text.match(/\w+|'[^']*'|"[^"]*"|\s+|[^\w\s]+/g) ?? []))]
const ODD = [
  '\0',
  '\ud800',
  '💡',
  '"',
  "'",
  '`',
  '[',
  ']',
  '/*',
  '*/',
  '--',
  '$$',
  '$a$',
  '\\',
  '@',
  ':',
  '::',
  '?',
  '9'.repeat(30),
]

function parse(text: string, dialect: Dialect): Parsed | undefined {
  try {
    return parseStatement(text, { dialect })
  } catch (error) {
    if (error instanceof QueryError) return undefined
    throw new Error(`${dialect}: ${JSON.stringify(text)}`, { cause: error })
  }
}

/** Parses it; where it does, checks that it prints as the same. */
function check(text: string, dialect: Dialect): boolean {
  const parsed = parse(text, dialect)
  if (!parsed) return false
  const { statement } = parsed
  const printed = printStatement(statement)
  expect([dialect, text, printed, bare(parse(printed, 'auto')?.statement)]).toEqual([
    dialect,
    text,
    printed,
    bare(statement),
  ])
  if ('returning' in statement || 'orderBy' in statement) shapeOf(statement as DataStatement)
  return true
}

test('token soup', () => {
  const random = new Random(11)
  for (let i = 0; i < 6000; ++i) {
    const length = 1 + random.below(12)
    const words = Array.from({ length }, () => random.pick(random.chance(0.05) ? ODD : TOKENS))
    const head = random.pick([
      'select ',
      'select * from ',
      'insert into t ',
      'update t set ',
      'create table t (',
      'alter table t ',
      'with x as (',
      '',
    ])
    check(head + words.join(random.pick(['', ' '])), random.pick(DIALECTS))
  }
})

test('mutations of the corpus', () => {
  const random = new Random(12)
  let parsed = 0
  for (let i = 0; i < 8000; ++i) {
    const tokens = random.pick(CORPUS).match(/\w+|'[^']*'|"[^"]*"|\s+|[^\w\s]/g) ?? []
    for (let n = 1 + random.below(3); n > 0; --n) {
      const at = random.below(tokens.length)
      const what = random.below(4)
      if (what === 0) tokens.splice(at, 1)
      else if (what === 1) tokens.splice(at, 0, random.pick(TOKENS))
      else if (what === 2) tokens[at] = random.pick(random.chance(0.1) ? ODD : TOKENS)
      else tokens.splice(at, 0, tokens[random.below(tokens.length)]!)
    }
    if (check(tokens.join(''), random.pick(DIALECTS))) ++parsed
  }
  expect(parsed).toBeGreaterThan(500)
})

test('prefixes and characters', () => {
  const random = new Random(13)
  for (let i = 0; i < 4000; ++i) {
    let text = random.pick(CORPUS)
    text = text.slice(0, random.below(text.length + 1))
    if (random.chance(0.5)) {
      const at = random.below(text.length + 1)
      text =
        text.slice(0, at) +
        random.pick([...ODD, String.fromCharCode(random.below(300))]) +
        text.slice(at + random.below(2))
    }
    check(text, random.pick(DIALECTS))
  }
})

test('a script of the corpus is its statements', () => {
  for (const [dialect, corpus] of [
    ['sqlite', SQLITE],
    ['postgres', POSTGRES],
    ['mysql', MYSQL],
  ] as const) {
    const script = corpus.map(text => `${text}\n`).join(';')
    const all = parseScript(script, { dialect })
    expect(all.map(p => bare(p.statement))).toEqual(
      corpus.map(text => bare(parseStatement(text, { dialect }).statement)),
    )
    for (const { text, offset } of all) expect(script.slice(offset, offset + text.length)).toBe(text)
  }
})
