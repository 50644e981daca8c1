/** What a statement gave back. */
import { createRequire } from 'node:module'

import { brand } from '../../errors/index.js'
import type { Row } from '../result/index.js'
import type { ResultColumn } from '../plan/compile.js'
import { unsupported } from '../problem.js'

/** The parts of `apache-arrow` that a table is made with; its types are the caller's, who installs it. */
interface ArrowModule {
  tableFromArrays(columns: Record<string, unknown>): unknown
  vectorFromArray(values: readonly unknown[], type?: unknown): unknown
  Table: new (columns: Record<string, unknown>) => unknown
}
type ArrowType = new (...args: unknown[]) => unknown

/**
 * Rows and what is known of them. Iterating gives the rows.
 *
 * @example
 * const { columns, rows } = db.execute('SELECT id, name FROM users WHERE age > ?', [25])
 */
export class SqlResult<T = Row> implements Iterable<T> {
  static {
    brand(this, 'SqlResult')
  }

  readonly #columns: readonly ResultColumn[]
  /** Names, in the order of the statement. A name that is there twice is one property of a row: the last one's. */
  readonly columns: readonly string[]
  readonly rows: T[]
  /** Rows inserted, updated or deleted; 0 for a statement that reads. */
  readonly rowsAffected: number
  /** From the call to the last row. */
  readonly executionTimeMs: number

  /** `names`: those of the columns. */
  constructor(
    columns: readonly ResultColumn[],
    names: readonly string[],
    rows: T[],
    rowsAffected: number,
    executionTimeMs: number,
  ) {
    this.#columns = columns
    this.columns = names
    this.rows = rows
    this.rowsAffected = rowsAffected
    this.executionTimeMs = executionTimeMs
  }

  [Symbol.iterator](): Iterator<T> {
    return this.rows[Symbol.iterator]()
  }

  /**
   * The rows as JSON has them: times as ISO-8601, bytes in base64, vectors as arrays of numbers, integers beyond 2^53 as strings.
   * `JSON.stringify(result)` calls it.
   */
  toJSON(): Record<string, unknown>[] {
    return this.rows.map(row => {
      const plain: Record<string, unknown> = {}
      for (const [name, value] of Object.entries(row as Row)) plain[name] = jsonValue(value)
      return plain
    })
  }

  /** The values of each column in an array of its own. */
  toColumns(): Record<string, unknown[]> {
    const columns: Record<string, unknown[]> = Object.create(null) as Record<string, unknown[]>
    for (const name of this.columns) columns[name] = this.rows.map(row => (row as Row)[name])
    return columns
  }

  /**
   * An Arrow table, made with the package `apache-arrow`, which the application installs: `Table` of that package.
   *
   * @throws QueryError (`UNSUPPORTED`) when the package is not installed
   */
  toArrow(): unknown {
    const arrow = arrowModule()
    const vectors: Record<string, unknown> = {}
    for (const column of this.#columns) {
      const type = arrowType(arrow, column.type)
      const values = this.rows.map(row => arrowValue(column.type, (row as Row)[column.name]))
      vectors[column.name] = arrow.vectorFromArray(values, type)
    }
    return new arrow.Table(vectors)
  }
}

function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Float32Array) return Array.from(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return value
}

function arrowModule(): ArrowModule {
  try {
    return createRequire(import.meta.url)('apache-arrow') as ArrowModule
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw cause
    throw unsupported('toArrow() without the package apache-arrow', 'Install it: npm install apache-arrow.')
  }
}

/** The Arrow type of a column. */
function arrowType(arrow: ArrowModule, type: ResultColumn['type']): unknown {
  const types = arrow as unknown as Record<string, ArrowType>
  switch (type) {
    case 'boolean':
      return new types['Bool']!()
    case 'integer':
    case 'bigint':
      return new types['Int64']!()
    case 'real':
      return new types['Float64']!()
    case 'timestamp':
      return new types['TimestampMillisecond']!('UTC')
    case 'blob':
      return new types['Binary']!()
    case 'vector':
      return new types['List']!(new types['Field']!('item', new types['Float32']!(), false))
    case 'null':
      return new types['Null']!()
    default:
      return new types['Utf8']!()
  }
}

function arrowValue(type: ResultColumn['type'], value: unknown): unknown {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'integer':
    case 'bigint':
      return BigInt(value as number | bigint)
    case 'timestamp':
      return (value as Date).getTime()
    case 'json':
      return JSON.stringify(value)
    case 'any':
      return value instanceof Date
        ? value.toISOString()
        : typeof value === 'object'
          ? JSON.stringify(jsonValue(value))
          : String(value)
    default:
      return value
  }
}
