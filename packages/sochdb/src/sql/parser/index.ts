/** SQL text to syntax trees. */
import { QuerySyntaxError } from '../../errors/index.js'
import type { Expression } from '../ast/expressions.js'
import type { Statement } from '../ast/nodes.js'
import { Cursor, Unexpected } from './cursor.js'
import { decodeName } from './literals.js'
import { expression } from './expressions.js'
import { Lexer } from './lexer.js'
import { statement } from './statement.js'
import type { Dialect } from './words.js'

export type { Dialect } from './words.js'

/** In UTF-16 units, of one text; scripts too. */
export const SQL_LENGTH_MAX = 4 * 1024 * 1024

export interface ParseOptions {
  /** Decides where dialects contradict each other; `auto` takes what all of them write. */
  readonly dialect?: Dialect | undefined
}

/** One statement. */
export interface Parsed {
  readonly statement: Statement
  /** One more than the largest index of a parameter. */
  readonly parameterCount: number
  /** By index: `name` of `:name`, `@name` and `$name`; `undefined` for numbered parameters. */
  readonly parameterNames: readonly (string | undefined)[]
  /** The statement as it was written. */
  readonly text: string
  /** Where `text` begins in what was given to the parser; `at` of the nodes counts from there too. */
  readonly offset: number
}

/**
 * The tree of one statement; a semicolon may follow it.
 *
 * Errors: QuerySyntaxError where the text does not parse; QueryError with the code UNSUPPORTED for what others have.
 */
export function parseStatement(text: string, options: ParseOptions = {}): Parsed {
  return run(text, options, c => {
    while (c.accept(';'));
    if (c.is('#end')) c.problem('There is no statement.')
    const parsed = one(c)
    while (c.accept(';'));
    if (!c.is('#end')) c.problem('There is more than one statement.', 'Run them one by one, or as a script.')
    return parsed
  })
}

/** The statements of a text, with semicolons between them. Parameters begin anew with each. */
export function parseScript(text: string, options: ParseOptions = {}): Parsed[] {
  return run(text, options, c => {
    const all: Parsed[] = []
    for (;;) {
      while (c.accept(';'));
      if (c.is('#end')) return all
      all.push(one(c))
    }
  })
}

/** An expression alone, as CHECK and DEFAULT keep them. */
export function parseExpression(text: string, options: ParseOptions = {}): Expression {
  return run(text, options, c => {
    const result = expression(c)
    if (!c.is('#end')) c.fail()
    return result
  })
}

/** A name in a text, and where it stands. */
export interface NamePlace {
  readonly name: string
  readonly at: number
  /** Words that mean something else elsewhere can be names too. */
  readonly isWord: boolean
}

/** What may be a name in a text that was parsed before. */
export function namesOf(text: string, dialect: Dialect): NamePlace[] {
  lexer.run(text, dialect)
  const names: NamePlace[] = []
  for (let i = 0; i < lexer.count; ++i) {
    const type = lexer.types[i]!
    if (type !== '#name' && type !== '#quoted' && !/^[a-z]/.test(type)) continue
    const source = text.slice(lexer.starts[i], lexer.ends[i])
    const name = type === '#quoted' ? decodeName(source) : source
    names.push({ name, at: lexer.starts[i]!, isWord: type !== '#name' && type !== '#quoted' })
  }
  lexer.shrink()
  return names
}

function one(c: Cursor): Parsed {
  const offset = c.at
  c.startParameters()
  c.peak = 0
  const parsed = statement(c)
  if (!c.is('#end') && !c.is(';')) c.fail()
  const { parameterCount } = c
  const text = c.since(offset)
  return { statement: parsed, parameterCount, parameterNames: c.parameterNames(), text, offset }
}

const lexer = new Lexer()

function run<T>(text: string, options: ParseOptions, rule: (c: Cursor) => T): T {
  if (text.length > SQL_LENGTH_MAX) {
    throw new QuerySyntaxError(`The text is longer than ${SQL_LENGTH_MAX} characters.`, {
      remediation: 'Split it, and give values as parameters.',
      details: { length: text.length },
    })
  }
  const dialect = options.dialect ?? 'auto'
  lexer.run(text, dialect)
  const c = new Cursor(text, dialect, lexer)
  try {
    return withinStack(rule, c)
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error
    // The first run does not note what could stand where it failed: that would cost every statement.
    c.watch()
    return withinStack(rule, c)
  } finally {
    lexer.shrink()
  }
}

/** Where little of the stack was left to begin with, it may end before AST_DEPTH_MAX does. */
function withinStack<T>(rule: (c: Cursor) => T, c: Cursor): T {
  try {
    return rule(c)
  } catch (error) {
    if (error instanceof RangeError) c.tooDeep()
    throw error
  }
}
