/**
 * Columns that the application sees as another type than the store. A contract names their codecs; the code itself comes with the
 * definition of the client, and is put into the columns once, so that whoever has a column has its codec.
 */
import type { CodecContract, ColumnContract, Contract, TableContract } from '@sochdb/schema/contract'
import { QueryError, ValidationError } from '../errors/index.js'
import { describe, isPlainObject } from './check.js'
import type { Row } from './statements.js'
import type { AnyCodec, ClientDefinition } from './types.js'

/** The code of a column's codec. Its errors name the column, and never the value: that may be a secret. */
export class BoundCodec implements CodecContract {
  readonly module: string
  readonly name: string
  readonly type: string
  readonly #what: string
  readonly #codec: AnyCodec

  constructor({ module, name, type }: CodecContract, column: string, codec: AnyCodec) {
    this.module = module
    this.name = name
    this.type = type
    this.#what = `"${column}": the codec "${name}" of ${module}`
    this.#codec = codec
  }

  /** NULL and what is left out are no values: codecs never see them. */
  encode(value: unknown): unknown {
    if (value === null || value === undefined) return value
    let stored: unknown
    try {
      stored = this.#codec.encode(value as never)
    } catch (error) {
      throw new ValidationError(`${this.#what} cannot encode this value: ${reason(error)}`, { cause: error })
    }
    if (stored === null || stored === undefined || isPromise(stored)) {
      throw new ValidationError(`${this.#what} encodes a value as ${outcome(stored)}, which is nothing to store.`)
    }
    return stored
  }

  decode(stored: unknown): unknown {
    if (stored === null || stored === undefined) return stored
    let value: unknown
    try {
      value = this.#codec.decode(stored as never)
    } catch (error) {
      const remediation = 'Mend what is stored, or let the codec decode it.'
      throw new QueryError(`${this.#what} cannot decode what is stored: ${reason(error)}`, {
        cause: error,
        remediation,
      })
    }
    if (value === undefined || isPromise(value)) {
      throw new QueryError(`${this.#what} decodes a value as ${outcome(value)}, which is no value.`, {
        remediation: 'Return the value itself.',
      })
    }
    return value
  }
}

export const codecOf = ({ codec }: ColumnContract): BoundCodec | undefined =>
  codec instanceof BoundCodec ? codec : undefined

/** The codecs of one table, for the rows that its statements yield. */
export class RowCodecs {
  readonly #codecs: ReadonlyMap<string, BoundCodec>

  private constructor(codecs: ReadonlyMap<string, BoundCodec>) {
    this.#codecs = codecs
  }

  /** `undefined`: the rows of the table are as they are stored. */
  static of({ columns }: TableContract): RowCodecs | undefined {
    const codecs = columns.flatMap(column => {
      const codec = codecOf(column)
      return codec === undefined ? [] : [[column.name, codec] as const]
    })
    return codecs.length === 0 ? undefined : new RowCodecs(new Map(codecs))
  }

  /** Does a filter compare one of these columns? Its values are not those of the statement then. */
  meets(where: unknown): boolean {
    if (!isPlainObject(where)) return false
    for (const name of this.#codecs.keys()) if (Object.hasOwn(where, name)) return true
    return false
  }

  /** Rows, whole or in part, in place. */
  decode<Result extends Row | Row[] | number | undefined>(result: Result): Result {
    if (typeof result !== 'object') return result
    if (!Array.isArray(result)) this.#row(result)
    else for (const row of result) this.#row(row)
    return result
  }

  #row(row: Row): void {
    for (const [name, codec] of this.#codecs) {
      const stored = row[name]
      if (stored !== undefined && stored !== null) row[name] = codec.decode(stored)
    }
  }
}

/**
 * The contract with the code of its codecs in place.
 *
 * @throws ValidationError for a codec that the definition lacks, or that is none
 */
export function withCodecs({ contract, codecs = {} }: ClientDefinition): Contract {
  const isPlain = ({ columns }: TableContract): boolean => columns.every(column => column.codec === undefined)
  if (Object.values(contract.tables).every(isPlain)) return contract
  const tables = Object.entries(contract.tables).map(([key, table]) => {
    const columns = table.columns.map(column => {
      if (column.codec === undefined) return column
      const given = Object.hasOwn(codecs, key) ? codecs[key]![column.name] : undefined
      return { ...column, codec: bound(`${table.name}.${column.name}`, column.codec, given) }
    })
    return [key, { ...table, columns }] as const
  })
  return { ...contract, tables: Object.fromEntries(tables) }
}

function bound(column: string, codec: CodecContract, given: AnyCodec | undefined): BoundCodec {
  const isCode = (part: unknown): boolean => typeof part === 'function'
  if (given !== undefined && given !== null && isCode(given.encode) && isCode(given.decode)) {
    return new BoundCodec(codec, column, given)
  }
  throw new ValidationError(
    `"${column}": the export "${codec.name}" of ${codec.module} is no codec: it is ${describe(given)}, not { encode, decode }.`,
    { remediation: 'Export an object with encode and decode, and run `npx sochdb generate`.' },
  )
}

function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

const outcome = (value: unknown): string => (isPromise(value) ? 'a promise' : String(value))

const reason = (error: unknown): string => (error instanceof Error ? error.message : describe(error))
