/** Where the parser stands: tokens, parameters so far, and how deep it is; and the errors that follow from these. */
import { ErrorCode, QueryError, QuerySyntaxError } from '../../errors/index.js'
import { AST_DEPTH_MAX } from '../ast/walk.js'
import { didYouMean } from '../problem.js'
import type { Lexer } from './lexer.js'
import { decodeName } from './literals.js'
import type { Dialect } from './words.js'
import { isName, isWord } from './words.js'

export const PARAMETERS_MAX = 65_535
/** Of a row that is selected or written out. */
export const COLUMNS_MAX = 2000
const EXPECTED_MAX = 6

/** What the rules of a clause around an expression change in it. */
interface Clauses {
  /** MySQL's `AS new (x, y)` of an INSERT; in `ON DUPLICATE KEY UPDATE` its columns are those of `excluded`. */
  proposed: { readonly alias: string | undefined; readonly columns: ReadonlyMap<string, string> } | undefined
  /** COLLATE belongs to the column whose default this is. */
  noCollate: boolean
}

export class Cursor {
  pos = 0
  /** The number of parameters: one more than the largest index. */
  parameterCount = 0
  #named: Map<string, number> | undefined
  /** How far the rules nest here. */
  depth = 0
  /** The height of the highest expression or query since whoever asks set it to zero. */
  peak = 0
  readonly clauses: Clauses = { proposed: undefined, noCollate: false }
  readonly #types: readonly string[]
  readonly #starts: readonly number[]
  readonly #ends: readonly number[]
  /** The token of the error: in a second run, that finds out what could stand there. */
  #watched = -1
  readonly #expected = new Set<string>()

  constructor(
    readonly text: string,
    readonly dialect: Dialect,
    private readonly lexer: Lexer,
  ) {
    this.#types = lexer.types
    this.#starts = lexer.starts
    this.#ends = lexer.ends
  }

  peek(): string {
    return this.#types[this.pos]!
  }

  /** The type of the token that many places ahead. */
  ahead(count: number): string {
    const i = this.pos + count
    return i < this.lexer.count ? this.#types[i]! : '#end'
  }

  /** The type of the token in front of this one. */
  tokenBefore(): string {
    return this.pos === 0 ? '#end' : this.#types[this.pos - 1]!
  }

  /** Whether the token behind this one is that word, in any case. */
  isAheadText(word: string): boolean {
    ++this.pos
    const is = this.isText(word)
    --this.pos
    return is
  }

  get at(): number {
    return this.#starts[this.pos]!
  }

  get end(): number {
    return this.#ends[this.pos]!
  }

  /** The end of the token in front of this one. */
  get lastEnd(): number {
    return this.pos === 0 ? 0 : this.#ends[this.pos - 1]!
  }

  /** What was written from there up to this token. */
  since(start: number): string {
    return this.text.slice(start, this.lastEnd)
  }

  source(): string {
    return this.text.slice(this.at, this.end)
  }

  is(type: string): boolean {
    if (this.pos === this.#watched) this.#expected.add(type)
    return this.#types[this.pos] === type
  }

  accept(type: string): boolean {
    if (this.pos === this.#watched) this.#expected.add(type)
    if (this.#types[this.pos] !== type) return false
    ++this.pos
    return true
  }

  expect(type: string): void {
    if (!this.accept(type)) this.fail()
  }

  /** Both words, or nothing. */
  acceptPair(first: string, second: string): boolean {
    if (this.pos === this.#watched) this.#expected.add(`${first} ${second}`)
    if (this.#types[this.pos] !== first || this.ahead(1) !== second) return false
    this.pos += 2
    return true
  }

  /** Words of names that the keyword table need not know. */
  isText(word: string): boolean {
    return this.end - this.at === word.length && this.source().toLowerCase() === word
  }

  acceptText(word: string): boolean {
    if (!this.isText(word)) return false
    ++this.pos
    return true
  }

  /** One of these words, as it is called. */
  acceptOneOf<Word extends string>(...words: Word[]): Word | undefined {
    for (const word of words) if (this.accept(word)) return word
    return undefined
  }

  /** A name; what it names is for the message. */
  name(what = 'a name'): string {
    if (!isName(this.peek())) this.fail(what)
    return this.#takeName()
  }

  /** A name where any word may stand: after a point or AS. */
  label(what = 'a name'): string {
    if (!isWord(this.peek())) this.fail(what)
    return this.#takeName()
  }

  #takeName(): string {
    const name = this.peek() === '#quoted' ? decodeName(this.source()) : this.source()
    ++this.pos
    return name
  }

  /** `(a, b, c)`. */
  names(): string[] {
    this.expect('(')
    return this.list(() => {
      const name = this.name('a column name')
      return name
    }, true)
  }

  /** What `item` reads, one or more with commas between them. `closed`: then a closing parenthesis. */
  list<T>(item: () => T, closed = false): T[] {
    const items: T[] = []
    do items.push(item())
    while (this.accept(','))
    if (closed) this.expect(')')
    return items
  }

  /** The same of a row: one that is far too wide is not read to its end. */
  rowOf<T>(item: () => T, closed = false): T[] {
    let width = 0
    return this.list(() => {
      if (++width > COLUMNS_MAX) this.problem(`A row has at most ${COLUMNS_MAX} columns.`)
      return item()
    }, closed)
  }

  /** The index of the parameter at this token. */
  parameter(): number {
    const source = this.source()
    const number = source.slice(1)
    let index: number
    if (number === '') index = this.parameterCount
    else if (source[0] !== ':' && source[0] !== '@' && /^[0-9]+$/.test(number)) index = Number(number) - 1
    else {
      index = this.#named?.get(number) ?? this.parameterCount
      this.#named ??= new Map()
      this.#named.set(number, index)
    }
    if (index < 0) this.problem('Parameters are numbered from 1.')
    if (index >= PARAMETERS_MAX) this.problem(`A statement has at most ${PARAMETERS_MAX} parameters.`)
    ++this.pos
    if (index >= this.parameterCount) this.parameterCount = index + 1
    return index
  }

  startParameters(): void {
    this.parameterCount = 0
    this.#named = undefined
  }

  /** The names of parameters, by index. */
  parameterNames(): (string | undefined)[] {
    const names = new Array<string | undefined>(this.parameterCount).fill(undefined)
    for (const [name, index] of this.#named ?? []) names[index] = name
    return names
  }

  enter(): void {
    if (++this.depth > AST_DEPTH_MAX) this.tooDeep()
  }

  tooDeep(): never {
    this.problem(
      `The statement nests deeper than ${AST_DEPTH_MAX} levels here.`,
      'Split it, or use IN for long chains.',
    )
  }

  // --- errors ---

  /** To be run again up to the same error, noting what would have been accepted at its token. */
  watch(): void {
    this.#watched = this.pos
    this.pos = 0
    this.depth = 0
    this.startParameters()
    Object.assign(this.clauses, { proposed: undefined, noCollate: false })
  }

  /** This token cannot stand here. `expected`: what could, beside the words that were looked for. */
  fail(expected?: string): never {
    if (this.peek() === '#error') this.problem(this.lexer.problem)
    if (this.#watched < 0) throw new Unexpected()
    if (expected !== undefined) this.#expected.add(expected)
    const words = [...this.#expected]
    const token = this.peek() === '#end' ? undefined : this.source()
    const wanted = words.length > 0 && words.length <= EXPECTED_MAX ? `; expected ${choice(words.map(shown))}` : ''
    const found = token === undefined ? 'the text ends' : `unexpected ${this.#shown()}`
    this.#throw(`${found}${wanted}`, `.${this.#suggestion(words)}`, undefined, { token, expected: words.map(upper) })
  }

  /** Something about this token that is not a matter of grammar. */
  problem(message: string, remediation?: string): never {
    // A word in capitals stays as it is.
    const lower = /^[A-Z][A-Z]/.test(message) ? message : message.charAt(0).toLowerCase() + message.slice(1)
    this.#throw(lower, '', remediation)
  }

  /** What other databases have there, and this one does not. */
  refuse(what: string, remediation?: string, at = this.at): never {
    const { line, column } = this.#place(at)
    throw new QueryError(`${what} is not supported (line ${line}, column ${column}).`, {
      code: ErrorCode.UNSUPPORTED,
      details: { line, column, position: at },
      ...(remediation === undefined ? {} : { remediation }),
    })
  }

  #throw(what: string, rest: string, remediation?: string, details?: Record<string, unknown>): never {
    const { line, column } = this.#place(this.at)
    throw new QuerySyntaxError(`Syntax error at line ${line}, column ${column}: ${what}${rest}`, {
      position: this.at,
      details: { line, column, ...details },
      ...(remediation === undefined ? {} : { remediation }),
    })
  }

  #place(offset: number): { line: number; column: number } {
    let line = 1
    let start = 0
    for (let at = this.text.indexOf('\n'); at >= 0 && at < offset; at = this.text.indexOf('\n', start)) {
      ++line
      start = at + 1
    }
    return { line, column: offset - start + 1 }
  }

  #shown(): string {
    const source = this.source()
    return JSON.stringify(source.length > 40 ? `${source.slice(0, 40)}…` : source)
  }

  /** A keyword that this word, or the one in front of it, may have been meant to be. */
  #suggestion(words: readonly string[]): string {
    const keywords = words.flatMap(word => word.split(' ').slice(0, 1)).filter(word => /^[a-z_]{3,}$/.test(word))
    for (const i of [this.pos, this.pos - 1]) {
      if (i < 0 || !isWord(this.#types[i]!) || this.#types[i] === '#quoted') continue
      const word = this.text.slice(this.#starts[i], this.#ends[i]).toLowerCase()
      const hint = word.length > 2 && !keywords.includes(word) ? didYouMean(word, keywords) : ''
      if (hint !== '') return hint.toUpperCase().replace('DID YOU MEAN', 'Did you mean')
    }
    return ''
  }
}

/** A first run came to a token that cannot stand there. */
export class Unexpected extends Error {}

/** For programs: keywords in capitals, punctuation as it is, the rest in words. */
function upper(word: string): string {
  if (word.startsWith('#')) return word.slice(1)
  return /^[a-z_]+( [a-z_]+)?$/.test(word) && !/^an? /.test(word) ? word.toUpperCase() : word
}

/** `FROM`, `","`, `a name`. */
function shown(word: string): string {
  if (word === '#end') return 'the end'
  if (word.startsWith('#')) return `a ${word.slice(1)}`
  if (/^an? /.test(word)) return word
  return /^[a-z_ ]+$/.test(word) ? word.toUpperCase() : `"${word}"`
}

function choice(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`
}
