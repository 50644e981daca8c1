/**
 * Statements of the corpus with one token left out, doubled, exchanged or replaced: what SQLite's grammar refuses is refused, and what
 * it takes is taken. Where that is not so, one of the reasons below says why.
 */
import sqlite from 'node-sqlite3-wasm'
import { parseStatement } from '../../../src/sql/parser/index.js'
import { Random } from '../random.js'
import { SQLITE, SQLITE_SCHEMA } from './corpus.js'

const SEED = Number(process.env['SOCHDB_SQL_MUTATION_SEED'] ?? 1)
const MUTATIONS = Number(process.env['SOCHDB_SQL_MUTATIONS'] ?? 2000)

const TOKEN = /'(?:[^']|'')*'|"[^"]*"|\[[^\]]*\]|`[^`]*`|\w+|<>|<=|>=|==|!=|\|\||->>|->|<<|>>|[?:@$]\w*|\S/g
const tokensOf = (text: string): string[] => text.match(TOKEN) ?? []
const POOL = SQLITE.flatMap(tokensOf)

/** SQLite says these of what no schema could mend. */
const REFUSALS =
  /syntax error|incomplete input|unrecognized token|unknown table option|unknown join type|JOIN clause is required|Nothing to prepare|cannot have more than one primary key|misuse of window/

/** What is taken here and not there. `near`: the token that SQLite stops at. */
const TAKEN: readonly { readonly why: string; readonly is: (text: string, near: string) => boolean }[] = [
  {
    why: 'PostgreSQL selects no columns',
    is: (text, near) => near === 'from' && /\bselect (all |distinct )?from\b/.test(text),
  },
  { why: 'a word that SQLite reserves is a name', is: (_, near) => RESERVED.has(near.toLowerCase()) },
  {
    why: 'the end of a statement stands where a name that is reserved there does',
    is: (text, near) => near === '' && RESERVED.has(tokensOf(text).at(-1)!.toLowerCase()),
  },
  {
    why: 'PostgreSQL gives tables that are written an alias without AS',
    is: text =>
      /^(with .*)?(update|delete from|insert into|insert or \w+ into|replace into|update or \w+) (\w+ \. )?\w+ \w+/.test(
        text,
      ),
  },
  {
    why: 'PostgreSQL has indexes without a name, and operator classes',
    is: text => /^create (unique )?index/.test(text),
  },
  { why: 'MySQL inserts rows of nothing', is: (text, near) => near === ')' && /\( \)/.test(text) },
  { why: 'PostgreSQL takes OFFSET in front of LIMIT', is: text => /\boffset .* limit\b/.test(text) },
  {
    why: 'MySQL: KEY declares one, and AUTO_INCREMENT stands anywhere',
    is: (text, near) => /^(create table|alter table)/.test(text) && /^(key|autoincrement|desc|asc)$/.test(near),
  },
  {
    why: 'types of PostgreSQL and MySQL have schemas and words behind them',
    is: (text, near) => /^(create|alter)/.test(text) && near === '.',
  },
  {
    why: 'table options stand without commas, and again',
    is: text => /^create table .*\) (strict|without)/.test(text),
  },
  { why: 'PostgreSQL: TABLE t', is: text => /\btable \w+$/.test(text) || /^table\b/.test(text) },
  {
    why: 'constraints follow each other without commas, and columns of keys have types',
    is: (text, near) => /^create (temp )?table/.test(text) && /^\w+$/.test(near),
  },
  { why: 'a common table called RECURSIVE', is: text => /^with recursive (\(|as\b)/.test(text) },
  { why: 'a pragma takes any value', is: text => text.startsWith('pragma') },
  { why: 'a column called COLUMN', is: text => /^alter table .*\b(rename|drop|add) column (to\b|$)/.test(text) },
  {
    why: 'parentheses around queries and values say nothing',
    is: (text, near) => near === '(' && /\( (select )?\( (select|\()/.test(text),
  },
  { why: 'a savepoint called SAVEPOINT', is: text => /\b(release|to) savepoint$/.test(text) },
  { why: 'an alias behind INDEXED BY', is: text => /\bindexed by \w+ \w+/.test(text) },
  { why: 'MySQL: INSERT IGNORE', is: text => text.startsWith('insert ignore') },
  { why: 'MySQL: RENAME without TO', is: text => /^alter table \w+ rename \w+$/.test(text) },
  { why: 'window functions are known to the binder', is: text => text.includes('rank ( )') },
  { why: 'types and defaults are known to the binder', is: text => /\bcast \(|\bdefault \(/.test(text) },
  { why: 'an alias called TRUE', is: text => /\busers true\b/.test(text) },
  { why: 'names of columns and tables have catalogs', is: (_, near) => near === '.' },
  { why: 'PostgreSQL: ABORT', is: text => text === 'abort' },
]

/** What is refused here and taken there. `ours`: our message. */
const REFUSED: readonly { readonly why: string; readonly is: (text: string, ours: string) => boolean }[] = [
  { why: 'strings are no names', is: (_, ours) => /unexpected "'/.test(ours) },
  {
    why: 'types are not any words',
    is: text => /^(create (temp |temporary )?table|alter table)/.test(text) || /\bcast \(/.test(text),
  },
  { why: 'transactions have no names', is: text => /^(begin|commit|end|rollback)/.test(text) },
  {
    why: 'a word of the grammar is no alias without AS',
    is: (_, ours) =>
      /unexpected "(end|cast|over|left|right|full|inner|cross|natural|filter|window|within|on|if|key|exclude|ties|others)"/i.test(
        ours,
      ),
  },
  { why: 'only count takes a star', is: (_, ours) => ours.includes('only count takes a star') },
  {
    why: 'functions that are written with words have their arguments',
    is: text => /\b(trim|substr|extract) \( \)/.test(text),
  },
  { why: 'ON CONFLICT names columns and expressions of an index', is: text => /\bon conflict \( \d/.test(text) },
  {
    why: 'names have a schema, a table and a column',
    is: (text, ours) => /\w+ \. \w+ \. /.test(text) || /no schema/.test(ours) || /^insert into t \. /.test(text),
  },
  { why: 'truth values have no columns', is: text => /\b(true|false) \. /.test(text) },
  { why: 'rows are set to rows', is: text => /^update \w+ set \(/.test(text) },
  { why: 'OUTER stands once', is: text => text.includes('outer outer') },
  { why: 'ESCAPE belongs to LIKE', is: (_, ours) => ours.includes('unexpected "escape"') },
  { why: 'DESC and ASC are no aliases without AS', is: (_, ours) => /unexpected "(desc|asc)"/.test(ours) },
  { why: 'strings are no names of tables either', is: text => /'\w+' \. \w/.test(text) },
]

/** Of SQLite. */
const RESERVED = new Set(
  `add all alter and as autoincrement between case check collate commit constraint create default deferrable delete distinct drop else escape
   except exists foreign from group having in index insert intersect into is isnull join limit not nothing notnull null on or order primary
   references returning select set table then to transaction union unique update using values when where`.split(/\s+/),
)

function mutated(random: Random): string {
  const tokens = tokensOf(random.pick(SQLITE))
  const at = random.below(tokens.length)
  switch (random.below(4)) {
    case 0:
      tokens.splice(at, 1)
      break
    case 1:
      tokens.splice(at, 0, tokens[at]!)
      break
    case 2:
      tokens[at] = random.pick(POOL)
      break
    default: {
      const other = random.below(tokens.length)
      const token = tokens[at]!
      tokens[at] = tokens[other]!
      tokens[other] = token
    }
  }
  return tokens.join(' ')
}

/** Why it was refused, or `undefined`. */
function refusal(action: () => void): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

test(`${MUTATIONS} mutations from seed ${SEED} are taken and refused as SQLite does`, () => {
  const peer = new sqlite.Database(':memory:')
  peer.exec(SQLITE_SCHEMA)
  const random = new Random(SEED)
  const different: string[] = []
  let refused = 0
  let taken = 0
  for (let i = 0; i < MUTATIONS; ++i) {
    const text = mutated(random)
    const ours = refusal(() => void parseStatement(text, { dialect: 'sqlite' }))
    const said = refusal(() => peer.prepare(text).finalize())
    const theirs = said !== undefined && REFUSALS.test(said) ? said : undefined
    if (ours !== undefined && theirs !== undefined) refused++
    else if (ours === undefined && theirs === undefined) taken++
    else if (ours === undefined) {
      const near = /near "(.*?)":/s.exec(theirs!)?.[1] ?? ''
      if (!TAKEN.some(({ is }) => is(text, near))) different.push(`taken: ${text}\n  SQLite: ${theirs!}`)
    } else if (!REFUSED.some(({ is }) => is(text, ours))) different.push(`refused: ${text}\n  ${ours}`)
  }
  peer.close()
  expect(different.join('\n')).toBe('')
  expect(refused).toBeGreaterThan(MUTATIONS / 3)
  expect(taken).toBeGreaterThan(MUTATIONS / 20)
})

test.each(['begin deferred,', 'start transaction read only,', 'start transaction with consistent snapshot,'])(
  'a comma in %s asks for one mode more',
  text => {
    expect(refusal(() => void parseStatement(text))).toMatch(/syntax error/i)
    const whole = text.startsWith('begin') ? `${text.slice(0, -1)} read write` : `${text} read write`
    expect(refusal(() => void parseStatement(whole))).toBeUndefined()
  },
)
