/** How strongly operators bind, in each dialect. `auto` is SQLite's order with the operators of the others in their places. */
import type { Dialect } from './words.js'

export interface Precedences {
  readonly infix: ReadonlyMap<string, number>
  readonly not: number
  /** IN, LIKE, BETWEEN and their negations. */
  readonly matching: number
  /** Above all comparisons: where a clause takes no condition. */
  readonly term: number
  readonly unary: number
  /** `||` is OR. */
  readonly pipesAreOr: boolean
}

type Level = readonly [precedence: number, ...operators: string[]]

function precedences(matching: number, term: number, pipesAreOr: boolean, ...levels: Level[]): Precedences {
  const infix = new Map(levels.flatMap(([precedence, ...operators]) => operators.map(o => [o, precedence] as const)))
  return { infix, not: 30, matching, term, unary: 110, pipesAreOr }
}

/** PostgreSQL's; its ? looks like a parameter. */
const JSON_OPERATORS = ['@>', '<@', '#>', '#>>', '#parameter']

const SQLITE = precedences(
  40,
  60,
  false,
  [10, 'or'],
  [15, 'xor'],
  [20, 'and', '&&'],
  [
    40,
    '=',
    '<>',
    '<=>',
    'is',
    'isnull',
    'notnull',
    'in',
    'like',
    'ilike',
    'glob',
    'regexp',
    'rlike',
    'match',
    'similar',
  ],
  [40, 'between', 'not', '~', '~*', '!~', '!~*', '~~', '~~*', '!~~', '!~~*'],
  [50, '<', '<=', '>', '>='],
  [60, '&', '|', '<<', '>>', ...JSON_OPERATORS],
  [70, '+', '-'],
  [80, '*', '/', '%', 'div', 'mod'],
  [85, '^'],
  [90, '||', '->', '->>'],
  [95, 'at'],
  [100, 'collate'],
  [120, '::'],
)

const POSTGRES = precedences(
  50,
  60,
  false,
  [10, 'or'],
  [20, 'and'],
  [40, 'is', 'isnull', 'notnull'],
  [45, '=', '<>', '<', '<=', '>', '>='],
  [50, 'in', 'like', 'ilike', 'glob', 'regexp', 'rlike', 'match', 'similar', 'between', 'not'],
  [60, '&', '|', '<<', '>>', '||', '->', '->>', '~', '~*', '!~', '!~*', '~~', '~~*', '!~~', '!~~*', '<=>'],
  [60, ...JSON_OPERATORS],
  [70, '+', '-'],
  [80, '*', '/', '%'],
  [90, '^'],
  [95, 'at'],
  [100, 'collate'],
  [120, '::'],
)

const MYSQL = precedences(
  40,
  50,
  true,
  [10, 'or', '||'],
  [15, 'xor'],
  [20, 'and', '&&'],
  [
    40,
    '=',
    '<>',
    '<=>',
    '<',
    '<=',
    '>',
    '>=',
    'is',
    'isnull',
    'notnull',
    'in',
    'like',
    'ilike',
    'glob',
    'regexp',
    'rlike',
  ],
  [40, 'match', 'similar', 'between', 'not'],
  [50, '|'],
  [55, '&'],
  [60, '<<', '>>'],
  [70, '+', '-'],
  [80, '*', '/', '%', 'div', 'mod'],
  [90, '^'],
  [95, 'at'],
  [105, 'collate'],
  [120, '->', '->>', '::'],
)

export const PRECEDENCES: Readonly<Record<Dialect, Precedences>> = {
  auto: SQLITE,
  sqlite: SQLITE,
  postgres: POSTGRES,
  mysql: MYSQL,
}
