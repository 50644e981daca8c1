/** `aggregate` and `groupBy`: what they ask for as columns of one statement, and its rows as nested results. */
import type { ColumnContract, TableContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Expression, OrderItem, SelectItem } from '../sql/ast/nodes.js'
import { describe, isPlainObject } from './check.js'
import { codecOf } from './codecs.js'
import { columnOf } from './columns.js'
import { both, type Parameters } from './parameters.js'
import { flags, isDescending, orderParts } from './reads.js'
import { call } from './relations.js'
import type { Row } from './statements.js'
import { columnCondition } from './where.js'

const functions = ['sum', 'avg', 'min', 'max'] as const
type FunctionName = (typeof functions)[number]

export const aggregateProperties = ['where', ...functions] as const
export const groupProperties = [...aggregateProperties, 'by', 'having', 'orderBy', 'limit', 'offset'] as const

interface Wanted {
  readonly function: FunctionName
  readonly column: ColumnContract
  readonly alias: string
}

export const countRows: Expression = call('count')

export class Aggregation {
  readonly #table: TableContract
  readonly #by: readonly ColumnContract[]
  readonly #wanted: readonly Wanted[]
  readonly #functions: readonly FunctionName[]

  constructor(table: TableContract, query: Readonly<Record<string, unknown>>, by: readonly string[]) {
    this.#table = table
    this.#by = by.map(name => columnOf(table, name))
    this.#functions = functions.filter(name => query[name] !== undefined)
    let count = 0
    this.#wanted = this.#functions.flatMap(name =>
      flags(table, name, query[name]).map((column): Wanted => {
        const contract = columnOf(table, column)
        checkFunction(name, contract)
        return { function: name, column: contract, alias: `a${String(count++)}` }
      }),
    )
  }

  /** Aliases are numbers of places: columns may be called anything. */
  get items(): readonly SelectItem[] {
    const of = (expression: Expression, alias: string): SelectItem => ({ kind: 'expression', expression, alias })
    return [
      ...this.#by.map(({ name }, i) => of(column(name), `g${String(i)}`)),
      of(countRows, 'n'),
      ...this.#wanted.map(wanted => of(call(wanted.function, column(wanted.column.name)), wanted.alias)),
    ]
  }

  /** `{ count: 3, sum: { … }, … }`, with the columns of `by` beside them. */
  result(row: Row): Row {
    const result: Row = {}
    this.#by.forEach((contract, i) => (result[contract.name] = decoded(contract, row[`g${String(i)}`])))
    result['count'] = row['n']
    for (const name of this.#functions) {
      const values: Row = {}
      for (const wanted of this.#wanted) {
        if (wanted.function === name) values[wanted.column.name] = decoded(wanted.column, row[wanted.alias])
      }
      result[name] = values
    }
    return result
  }

  having(having: unknown, parameters: Parameters): Expression | undefined {
    if (having === undefined) return undefined
    if (!isPlainObject(having)) throw new ValidationError(`having takes an object, not ${describe(having)}.`)
    const conditions = Object.entries(having).flatMap(([name, value]): Expression[] => {
      if (name === 'count') return [columnCondition(counted, value, parameters, countRows)]
      const known = this.#function('having', name)
      if (!isPlainObject(value)) throw new ValidationError(`having.${name} takes { column: filter }.`)
      return Object.entries(value).map(([columnName, filter]) => {
        const contract = columnOf(this.#table, columnName)
        checkFunction(known, contract)
        return columnCondition(contract, filter, parameters, call(known, column(columnName)))
      })
    })
    return both(...conditions)
  }

  orderBy(orderBy: unknown): OrderItem[] {
    const asked = orderParts(orderBy).flatMap(part =>
      Object.entries(part).flatMap(([name, value]): OrderItem[] => {
        if (this.#names.includes(name)) return [order(column(name), name, value)]
        if (name === 'count') return [order(countRows, name, value)]
        const known = this.#function('orderBy', name)
        if (!isPlainObject(value)) throw new ValidationError(`orderBy.${name} takes { column: 'asc' | 'desc' }.`)
        return Object.entries(value).map(([columnName, direction]) => {
          checkFunction(known, columnOf(this.#table, columnName))
          return order(call(known, column(columnName)), columnName, direction)
        })
      }),
    )
    return [...asked, ...this.#names.map(name => order(column(name), name, 'asc'))]
  }

  get #names(): string[] {
    return this.#by.map(({ name }) => name)
  }

  #function(place: string, name: string): FunctionName {
    const known = functions.find(each => each === name)
    if (known !== undefined) return known
    const columns = place === 'orderBy' ? [...this.#names, 'count'] : ['count']
    throw new ValidationError(`${place} has no "${name}" here. There are: ${[...columns, ...functions].join(', ')}.`)
  }
}

/** Least and greatest values, and those of groups, are of the column's type; there are no sums of columns with a codec. */
const decoded = (contract: ColumnContract, value: unknown): unknown => {
  const codec = codecOf(contract)
  return codec === undefined ? value : codec.decode(value)
}

const counted: ColumnContract = { name: 'count', type: 'integer', nullable: false }

const column = (name: string): Expression => ({ kind: 'column', table: undefined, name })

const order = (expression: Expression, name: string, direction: unknown): OrderItem => ({
  expression,
  descending: isDescending(name, direction),
  nulls: undefined,
})

function checkFunction(name: FunctionName, { name: columnName, type, codec }: ColumnContract): void {
  if (codec !== undefined && (name === 'sum' || name === 'avg')) {
    throw new ValidationError(`${name} of "${columnName}": a column with a codec has none.`)
  }
  const isNumber = type === 'integer' || type === 'bigint' || type === 'real' || type === 'decimal'
  const fits = name === 'sum' || name === 'avg' ? isNumber : type !== 'json' && type !== 'vector'
  if (!fits) throw new ValidationError(`${name} of "${columnName}": a column of type ${type} has none.`)
}
