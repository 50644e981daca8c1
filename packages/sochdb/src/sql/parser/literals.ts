/** The values of literals, from what is written. */
import type { Expression } from '../ast/expressions.js'
import type { Dialect } from './words.js'

type Literal = Extract<Expression, { kind: 'literal' }>

const INT64_MAX = 2n ** 63n - 1n

/** The name within its quotes. */
export function decodeName(source: string): string {
  const quote = source[0]!
  const inner = source.slice(1, -1)
  return quote === '[' || !inner.includes(quote) ? inner : inner.replaceAll(quote + quote, quote)
}

/** A number; `negative`: with the minus sign in front of it. */
export function numberLiteral(source: string, negative: boolean, at: number): Literal {
  const text = source.includes('_') ? source.replaceAll('_', '') : source
  const sign = negative ? '-' : ''
  const second = text.charCodeAt(1) | 32
  const whole = second === 120 || second === 98 || second === 111 || /^[0-9]+$/.test(text)
  if (!whole) return { kind: 'literal', value: Number(sign + text), decimal: sign + text, at }
  if (text.length > 400) return { kind: 'literal', value: Number(sign + text), decimal: sign + text, at }
  if (text.length < 16) return { kind: 'literal', value: negative ? 0 - Number(text) : Number(text), at }
  let value = BigInt(text)
  // As SQLite has it: hexadecimal digits are the bits of an int64.
  if (second === 120 && text.length <= 18) value = BigInt.asIntN(64, value)
  if (negative) value = -value
  if (value > INT64_MAX || value < -INT64_MAX - 1n) {
    return { kind: 'literal', value: Number(value), decimal: String(value), at }
  }
  return { kind: 'literal', value: Number.isSafeInteger(Number(value)) ? Number(value) : value, at }
}

/** A string of any spelling. */
export function decodeString(source: string, dialect: Dialect): string {
  let from = 0
  let escapes = dialect === 'mysql' ? mysqlEscape : undefined
  const first = source.charCodeAt(0)
  if (first === 36) {
    const tag = source.indexOf('$', 1) + 1
    return source.slice(tag, -tag)
  }
  if ((first | 32) === 101) {
    from = 1
    escapes = postgresEscape
  } else if ((first | 32) === 110) from = 1
  const quote = source[from]!
  const inner = source.slice(from + 1, -1)
  if (escapes && inner.includes('\\')) return unescaped(inner, quote, escapes)
  return inner.includes(quote) ? inner.replaceAll(quote + quote, quote) : inner
}

/** What the escape that begins behind a backslash stands for, and how many units it takes. */
type Escape = (text: string, at: number) => readonly [value: string, length: number]

function unescaped(text: string, quote: string, escape: Escape): string {
  let out = ''
  let from = 0
  for (let at = 0; at < text.length; ++at) {
    if (text[at] === '\\') {
      const [value, length] = escape(text, at + 1)
      out += text.slice(from, at) + value
      from = at + 1 + length
      at = from - 1
    } else if (text[at] === quote) {
      out += text.slice(from, at)
      from = ++at
    }
  }
  return out + text.slice(from)
}

const MYSQL: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' }

const mysqlEscape: Escape = (text, at) => {
  const c = text[at] ?? ''
  // For LIKE these keep their backslash.
  if (c === '%' || c === '_') return [`\\${c}`, 1]
  return [MYSQL[c] ?? c, 1]
}

const POSTGRES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const BYTES = /(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3})(?:\\(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3}))*/y
const UNICODE = /u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}/y

const postgresEscape: Escape = (text, at) => {
  UNICODE.lastIndex = at
  const unicode = UNICODE.exec(text)?.[0]
  if (unicode !== undefined) {
    const code = Number.parseInt(unicode.slice(1), 16)
    return [code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code), unicode.length]
  }
  BYTES.lastIndex = at
  const run = BYTES.exec(text)?.[0]
  // Bytes of UTF-8: those of one character stand beside each other.
  if (run !== undefined) {
    const bytes = run
      .split('\\')
      .map(s => (s[0] === 'x' ? Number.parseInt(s.slice(1), 16) : Number.parseInt(s, 8) & 255))
    return [new TextDecoder().decode(Uint8Array.from(bytes)), run.length]
  }
  const c = text[at] ?? ''
  return [POSTGRES[c] ?? c, 1]
}

/** `x'00ff'`. */
export function decodeBlob(source: string): Uint8Array {
  return Uint8Array.from({ length: (source.length - 3) / 2 }, (_, i) => {
    return Number.parseInt(source.slice(2 + 2 * i, 4 + 2 * i), 16)
  })
}
