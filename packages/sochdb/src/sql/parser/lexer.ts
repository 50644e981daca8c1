/**
 * Text to tokens, in one pass and without making strings: a token is a type and two offsets. The type of a keyword is the word in
 * lower case, that of punctuation its canonical spelling (`==` is `=`), that of the rest begins with `#`.
 */
import { keywordAt } from './words.js'
import type { Dialect } from './words.js'

const START = 1
const PART = 2
const DIGIT = 4
const SPACE = 8
const CLASSES = new Uint8Array(128)
for (let c = 0; c < 128; ++c) {
  const char = String.fromCharCode(c)
  if (/[A-Za-z_]/.test(char)) CLASSES[c] = START | PART
  else if (/[0-9]/.test(char)) CLASSES[c] = PART | DIGIT
  else if (char === '$') CLASSES[c] = PART
  else if (/[ \t\n\r\f\v]/.test(char)) CLASSES[c] = SPACE
}

const is = (c: number, wanted: number): boolean => (c < 128 ? (CLASSES[c]! & wanted) !== 0 : (wanted & PART) !== 0)
/** A byte order mark, a no-break space and the like stand between tokens; NaN, the end of the text, does not. */
const isSpace = (c: number): boolean =>
  c < 128 ? (CLASSES[c]! & SPACE) !== 0 : c === 0xa0 || c === 0xfeff || c === 0x2028 || c === 0x2029 || c === 0x3000
const isStart = (c: number): boolean => (c < 128 ? (CLASSES[c]! & START) !== 0 : c >= 128 && !isSpace(c))
const isPart = (c: number): boolean => (c < 128 ? (CLASSES[c]! & PART) !== 0 : c >= 128 && !isSpace(c))

/** Longest first within a first character. */
const PUNCTUATION = new Map<string, readonly (readonly [spelling: string, type: string])[]>()
for (const spelling of [
  ...[
    '(',
    ')',
    ',',
    ';',
    '.',
    '+',
    '*',
    '/',
    '%',
    '^',
    '[',
    ']',
    '{',
    '}',
    '~~*',
    '~~',
    '~*',
    '~',
    '->>',
    '->',
    '-',
    '<=>',
    '<<',
  ],
  ...[
    '<=',
    '<>',
    '<@',
    '<',
    '>>',
    '>=',
    '>',
    '==',
    '=>',
    '=',
    '!~~*',
    '!~~',
    '!~*',
    '!~',
    '!=',
    '!',
    '||',
    '|',
    '&&',
    '&',
    '::',
    ':=',
  ],
  ...[':', '@@', '@>', '@', '#>>', '#>', '#-', '#', '$', '?'],
]) {
  const type = spelling === '==' ? '=' : spelling === '!=' ? '<>' : spelling
  const first = spelling[0]!
  PUNCTUATION.set(first, [...(PUNCTUATION.get(first) ?? []), [spelling, type]])
}

/** How often `$a$` may turn out to be a parameter: each time the whole text is searched for the end of a string. */
const OPEN_TAGS_MAX = 64

/** Those that begin no longer one, by code. */
const ALONE = Array.from({ length: 128 }, (_, code) => {
  const spellings = PUNCTUATION.get(String.fromCharCode(code))
  return spellings?.length === 1 && spellings[0]![0].length === 1 ? spellings[0]![0] : undefined
})

export class Lexer {
  readonly types: string[] = []
  readonly starts: number[] = []
  readonly ends: number[] = []
  count = 0
  /** What is wrong with the `#error` token, the last one before the end. */
  problem = ''
  #text = ''
  #openTags = 0
  #dialect: Dialect = 'auto'

  run(text: string, dialect: Dialect): void {
    this.#text = text
    this.#dialect = dialect
    this.count = 0
    this.problem = ''
    this.#openTags = 0
    let at = 0
    while (at < text.length) {
      const c = text.charCodeAt(at)
      if (isSpace(c)) {
        ++at
        continue
      }
      at = isStart(c) ? this.#word(at) : is(c, DIGIT) ? this.#number(at) : this.#other(at, c)
    }
    this.#push('#end', text.length, text.length)
  }

  /** Lets go of the memory of a long text. */
  shrink(): void {
    if (this.types.length < 65_536) return
    this.types.length = this.starts.length = this.ends.length = 0
  }

  #push(type: string, start: number, end: number): number {
    const i = this.count++
    this.types[i] = type
    this.starts[i] = start
    this.ends[i] = end
    return end
  }

  #error(problem: string, start: number): number {
    this.problem = problem
    this.#push('#error', start, Math.min(start + 1, this.#text.length))
    return this.#text.length
  }

  #word(start: number): number {
    const text = this.#text
    let at = start
    let hash = 0
    let c = text.charCodeAt(at)
    do {
      hash = (Math.imul(hash, 31) + (c | 32)) | 0
      c = text.charCodeAt(++at)
    } while (isPart(c))
    if (c === 39 && at === start + 1) {
      const end = this.#prefixed(start)
      if (end !== undefined) return end
    }
    return this.#push(keywordAt(text, start, at, hash) ?? '#name', start, at)
  }

  /** X'…', E'…' and N'…'. */
  #prefixed(start: number): number | undefined {
    switch (this.#text.charCodeAt(start) | 32) {
      case 120: {
        const end = this.#text.indexOf("'", start + 2) + 1
        if (end === 0) return this.#error('The blob is not closed.', start)
        const digits = this.#text.slice(start + 2, end - 1)
        if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) {
          return this.#error("A blob is an even number of hexadecimal digits, as in x'00ff'.", start)
        }
        return this.#push('#blob', start, end)
      }
      case 101:
        if (this.#dialect === 'sqlite' || this.#dialect === 'mysql') return undefined
        return this.#string(start, start + 1, 39, true)
      case 110:
        return this.#dialect === 'sqlite' ? undefined : this.#string(start, start + 1, 39, this.#dialect === 'mysql')
    }
    return undefined
  }

  #string(start: number, quoteAt: number, quote: number, backslashes: boolean): number {
    const end = closing(this.#text, quoteAt + 1, quote, backslashes)
    return end < 0 ? this.#error('The string is not closed.', start) : this.#push('#string', start, end)
  }

  #quoted(start: number, quote: number, name: string): number {
    const end = closing(this.#text, start + 1, quote, false)
    return end < 0 ? this.#error(`The ${name} is not closed.`, start) : this.#push('#quoted', start, end)
  }

  #number(start: number): number {
    const text = this.#text
    let at = start
    const second = text.charCodeAt(start + 1) | 32
    const radix = text.charCodeAt(start) !== 48 ? 10 : second === 120 ? 16 : second === 98 ? 2 : second === 111 ? 8 : 10
    if (radix !== 10) {
      at += 2
      while (isPart(text.charCodeAt(at))) ++at
      const digits = text.slice(start + 2, at).replaceAll('_', '')
      const valid = radix === 16 ? /^[0-9a-fA-F]+$/ : radix === 8 ? /^[0-7]+$/ : /^[01]+$/
      return valid.test(digits) ? this.#push('#number', start, at) : this.#error('The number is malformed.', start)
    }
    at = this.#digits(at)
    if (text.charCodeAt(at) === 46) at = this.#digits(at + 1)
    if ((text.charCodeAt(at) | 32) === 101) {
      const sign = text.charCodeAt(at + 1)
      const from = sign === 43 || sign === 45 ? at + 2 : at + 1
      if (is(text.charCodeAt(from), DIGIT)) at = this.#digits(from)
    }
    if (isPart(text.charCodeAt(at))) return this.#error('The number is malformed: a letter follows it.', start)
    return this.#push('#number', start, at)
  }

  /** Past digits, and single underscores between them. */
  #digits(at: number): number {
    const text = this.#text
    for (;;) {
      const c = text.charCodeAt(at)
      if (is(c, DIGIT)) ++at
      else if (c === 95 && is(text.charCodeAt(at - 1), DIGIT) && is(text.charCodeAt(at + 1), DIGIT)) ++at
      else return at
    }
  }

  #other(start: number, c: number): number {
    const text = this.#text
    const next = text.charCodeAt(start + 1)
    switch (c) {
      case 39:
        return this.#string(start, start, 39, this.#dialect === 'mysql')
      case 34:
        if (this.#dialect === 'mysql') return this.#string(start, start, 34, true)
        return this.#quoted(start, 34, 'quoted name')
      case 96:
        return this.#quoted(start, 96, 'quoted name')
      case 91: {
        if (this.#dialect === 'postgres' || this.#afterArray()) break
        const end = text.indexOf(']', start) + 1
        return end === 0 ? this.#error('The name in brackets is not closed.', start) : this.#push('#quoted', start, end)
      }
      case 45:
        if (next === 45 && (this.#dialect !== 'mysql' || !(text.charCodeAt(start + 2) > 32))) return this.#line(start)
        break
      case 47:
        if (next === 42) return this.#comment(start)
        break
      case 46:
        if (is(next, DIGIT)) return this.#number(start)
        break
      case 35:
        if (this.#dialect === 'mysql' || (this.#dialect === 'auto' && next !== 62)) return this.#line(start)
        break
      case 36:
        return this.#dollar(start, next)
      case 58:
      case 64:
        if (isPart(next) && next !== 36) return this.#parameter(start)
        break
      case 63:
        return this.#parameter(start)
    }
    return this.#punctuation(start)
  }

  /** `[` begins a quoted name, unless it belongs to `ARRAY[…]` or to a `[]` of a type. */
  #afterArray(): boolean {
    return this.count > 0 && this.types[this.count - 1] === 'array'
  }

  #punctuation(start: number): number {
    const text = this.#text
    const alone = ALONE[text.charCodeAt(start)]
    if (alone !== undefined) return this.#push(alone, start, start + 1)
    for (const [spelling, type] of PUNCTUATION.get(text[start]!) ?? []) {
      if (!text.startsWith(spelling, start)) continue
      const next = start + spelling.length
      if (spelling.includes('~') && spelling.length > 1 && !this.#matches(spelling)) continue
      return this.#push(type, start, next)
    }
    const code = text.codePointAt(start)!
    const shown = code > 32 ? `"${String.fromCodePoint(code)}"` : `with the code ${code}`
    return this.#error(`The character ${shown} has no meaning here.`, start)
  }

  /** Whether a spelling with `~` is one operator: in some dialects it is several in front of an operand. */
  #matches(spelling: string): boolean {
    if (spelling.startsWith('!') && this.#dialect === 'mysql') return false
    return !spelling.includes('~~') || this.#dialect === 'auto' || this.#dialect === 'postgres'
  }

  #line(start: number): number {
    const end = this.#text.indexOf('\n', start)
    return end < 0 ? this.#text.length : end + 1
  }

  #comment(start: number): number {
    const text = this.#text
    if (this.#dialect !== 'postgres') {
      const end = text.indexOf('*/', start + 2)
      return end < 0 ? this.#error('The comment is not closed.', start) : end + 2
    }
    let depth = 1
    for (let at = start + 2; at < text.length; ++at) {
      const c = text.charCodeAt(at)
      if (c === 47 && text.charCodeAt(at + 1) === 42) {
        ++depth
        ++at
      } else if (c === 42 && text.charCodeAt(at + 1) === 47) {
        ++at
        if (--depth === 0) return at + 1
      }
    }
    return this.#error('The comment is not closed.', start)
  }

  /** `$1`, `$name` and `$tag$…$tag$`. */
  #dollar(start: number, next: number): number {
    const text = this.#text
    if (is(next, DIGIT)) return this.#parameter(start)
    if (this.#dialect === 'auto' || this.#dialect === 'postgres') {
      let at = start + 1
      while (isPart(text.charCodeAt(at)) && text.charCodeAt(at) !== 36) ++at
      if (text.charCodeAt(at) === 36) {
        const tag = text.slice(start, at + 1)
        const end = text.indexOf(tag, at + 1)
        if (end >= 0) return this.#push('#string', start, end + tag.length)
        if (this.#dialect === 'postgres' || at === start + 1 || ++this.#openTags > OPEN_TAGS_MAX) {
          return this.#error('The dollar-quoted string is not closed.', start)
        }
      }
    }
    return isStart(next) ? this.#parameter(start) : this.#punctuation(start)
  }

  #parameter(start: number): number {
    const text = this.#text
    let at = start + 1
    if (text.charCodeAt(start) === 63) while (is(text.charCodeAt(at), DIGIT)) ++at
    else while (isPart(text.charCodeAt(at))) ++at
    return this.#push('#parameter', start, at)
  }
}

/** The offset behind the closing quote, or -1. */
function closing(text: string, from: number, quote: number, backslashes: boolean): number {
  for (let at = from; at < text.length; ++at) {
    const c = text.charCodeAt(at)
    if (c === quote) {
      if (text.charCodeAt(at + 1) !== quote) return at + 1
      ++at
    } else if (backslashes && c === 92) ++at
  }
  return -1
}
