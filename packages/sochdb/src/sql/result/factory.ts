/** Rows out of batches: one loop per statement, made for its columns, so that V8 sees one object shape and constant property names. */
import type { ColumnTypeName } from '../types.js'
import { Mode, type ExchangeViews } from './exchange.js'
import { readTagged } from './tagged.js'

export interface ResultColumn {
  readonly name: string
  readonly type: ColumnTypeName | 'null' | 'any'
  /** A boolean comes as 1 or 0. */
  readonly asNumber?: boolean
}

export type Row = Record<string, unknown>

/** Makes rows of the batch in the exchange. `text` is the batch's string. */
export interface RowFactory {
  /** Appends the first `rows` rows to `out`. */
  many(views: ExchangeViews, text: string, rows: number, out: Row[]): void
  /** The first row, of which there is one. */
  one(views: ExchangeViews, text: string): Row
}

const HEADER = 8
const isText = ({ type }: ResultColumn): boolean =>
  type === 'text' || type === 'decimal' || type === 'uuid' || type === 'json'

/** Generated code; plain closures where the process forbids generating code (`--disallow-code-generation-from-strings`). */
export function makeRowFactory(columns: readonly ResultColumn[]): RowFactory {
  try {
    return generate(columns)
  } catch (error) {
    if (error instanceof EvalError) return interpret(columns)
    throw error
  }
}

function generate(columns: readonly ResultColumn[]): RowFactory {
  const texts = columns.filter(isText).length
  let ordinal = 0
  const setup: string[] = []
  const properties = columns.map((column, c) => {
    setup.push(`const d${c} = i32[${HEADER + 3 * c + 1}], z${c} = i32[${HEADER + 3 * c + 2}];`)
    const value = expression(column, c, isText(column) ? ordinal++ : 0, setup)
    return `${propertyName(column.name)}: z${c} !== 0 && u8[z${c} + i] !== 0 ? null : ${value}`
  })
  const ends = Array.from({ length: texts }, (_, k) => `const e${k} = i32[j + ${k}];`).join(' ')
  const body = `
    return {
      many(views, text, rows, out) {
        const { i32, f64, i64, u8 } = views;
        ${setup.join('\n        ')}
        let e = 0, j = i32[7];
        for (let i = 0; i < rows; i++) {
          ${ends}
          out.push({ ${properties.join(', ')} });
          ${texts > 0 ? `e = e${texts - 1}; j += ${texts};` : ''}
        }
      },
      one(views, text) {
        const { i32, f64, i64, u8 } = views;
        ${setup.join('\n        ')}
        const e = 0, i = 0, j = i32[7];
        ${ends}
        return { ${properties.join(', ')} };
      }
    }`
  // Names are JSON strings, everything else is made here: nothing of the statement's text becomes code.
  return (new Function('bytesAt', 'vectorAt', 'taggedAt', body) as (...helpers: unknown[]) => RowFactory)(
    bytesAt,
    vectorAt,
    taggedAt,
  )
}

function expression({ type, asNumber }: ResultColumn, c: number, ordinal: number, setup: string[]): string {
  switch (type) {
    case 'boolean':
      return asNumber === true ? `u8[d${c} + i]` : `u8[d${c} + i] !== 0`
    case 'integer':
      setup.push(`const m${c} = i32[${HEADER + 3 * c}];`)
      return `(m${c} === ${Mode.int32} ? i32[d${c} + i] : m${c} === ${Mode.float64} ? f64[d${c} + i] : i64[d${c} + i])`
    case 'bigint':
      return `i64[d${c} + i]`
    case 'real':
      return `f64[d${c} + i]`
    case 'timestamp':
      return `new Date(f64[d${c} + i])`
    case 'blob':
      return `bytesAt(views, d${c}, i)`
    case 'vector':
      return `vectorAt(views, d${c}, i)`
    case 'any':
      return `taggedAt(views, d${c}, i)`
    case 'null':
      return 'null'
    default: {
      const text = `text.substring(${ordinal === 0 ? 'e' : `e${ordinal - 1}`}, e${ordinal})`
      return type === 'json' ? `JSON.parse(${text})` : text
    }
  }
}

/** `__proto__: …` in a literal would set the prototype; computed, it is a property like any other. */
const propertyName = (name: string): string => (name === '__proto__' ? '["__proto__"]' : JSON.stringify(name))

function interpret(columns: readonly ResultColumn[]): RowFactory {
  const texts = columns.filter(isText).length
  const many: RowFactory['many'] = (views, text, rows, out) => {
    const { i32, u8 } = views
    let end = 0
    let at = i32[7]!
    for (let i = 0; i < rows; i++) {
      const row: Row = {}
      let ordinal = 0
      columns.forEach((column, c) => {
        const nulls = i32[HEADER + 3 * c + 2]!
        let piece = ''
        if (isText(column)) {
          const begin = ordinal === 0 ? end : i32[at + ordinal - 1]!
          piece = text.substring(begin, i32[at + ordinal]!)
          ordinal++
        }
        const value = nulls !== 0 && u8[nulls + i] !== 0 ? null : read(views, column, c, i, piece)
        Object.defineProperty(row, column.name, { value, writable: true, enumerable: true, configurable: true })
      })
      out.push(row)
      if (texts > 0) {
        end = i32[at + texts - 1]!
        at += texts
      }
    }
  }
  const one: RowFactory['one'] = (views, text) => {
    const rows: Row[] = []
    many(views, text, 1, rows)
    return rows[0]!
  }
  return { many, one }
}

function read(views: ExchangeViews, { type, asNumber }: ResultColumn, c: number, i: number, piece: string): unknown {
  const { i32, f64, i64, u8 } = views
  const mode = i32[HEADER + 3 * c]!
  const at = i32[HEADER + 3 * c + 1]! + i
  switch (type) {
    case 'boolean':
      return asNumber === true ? u8[at] : u8[at] !== 0
    case 'integer':
      return mode === Mode.int32 ? i32[at] : mode === Mode.float64 ? f64[at] : i64[at]
    case 'bigint':
      return i64[at]
    case 'real':
      return f64[at]
    case 'timestamp':
      return new Date(f64[at]!)
    case 'blob':
      return bytesAt(views, at - i, i)
    case 'vector':
      return vectorAt(views, at - i, i)
    case 'json':
      return JSON.parse(piece) as unknown
    case 'any':
      return taggedAt(views, at - i, i)
    case 'null':
      return null
    default:
      return piece
  }
}

/** Value i of a column of bytes, as a copy: the exchange is written over by the next call. */
function bytesAt({ i32, u8 }: ExchangeViews, at: number, i: number): Buffer {
  const base = i32[at]!
  return Buffer.from(u8.subarray(base + (i === 0 ? 0 : i32[at + i]!), base + i32[at + i + 1]!))
}

function vectorAt(views: ExchangeViews, at: number, i: number): Float32Array {
  const bytes = Uint8Array.from(bytesAt(views, at, i))
  return new Float32Array(bytes.buffer, 0, bytes.length / 4)
}

/** A value of a column without a type of its own: each brings its own along. */
function taggedAt({ i32, u8 }: ExchangeViews, at: number, i: number): unknown {
  const base = i32[at]!
  return readTagged(u8, base + (i === 0 ? 0 : i32[at + i]!))
}
