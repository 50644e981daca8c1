/** Queries over key prefixes as plans: a table function yields keys, values and members, and the executor does the rest. */
import { call, callOf, conjunction } from '../binder/expr.js'
import type { AggregateExpr, ColumnExpr, Expr } from '../binder/expr.js'
import type { SortKey } from '../binder/bound.js'
import type { PlanNode } from '../plan/nodes.js'
import type { ResultColumn } from '../plan/compile.js'
import { queryError } from '../problem.js'
import type { SqlType } from '../types.js'
import { CompareOp } from './spec.js'
import type { Condition, KeyQuerySpec, SelectedColumn } from './spec.js'

/** Of native/exec/table_function.h: kv_rows(prefix, name…). */
const KV_ROWS = 4

export interface KeyPlan {
  readonly root: PlanNode
  readonly columns: readonly ResultColumn[]
  readonly parameterTypes: readonly SqlType[]
  readonly values: readonly unknown[]
}

export function planOf(spec: KeyQuerySpec): KeyPlan {
  return new KeyPlanner(spec).plan()
}

const COMPARISONS = {
  EQ: 'equal',
  NE: 'notEqual',
  GT: 'greater',
  GTE: 'greaterEqual',
  LT: 'less',
  LTE: 'lessEqual',
  CONTAINS: 'contains',
  STARTS_WITH: 'startsWith',
} as const

class KeyPlanner {
  readonly #spec: KeyQuerySpec
  readonly #types: SqlType[] = []
  readonly #values: unknown[] = []
  /** Members that are read, by type and name. */
  readonly #members = new Map<string, ColumnExpr>()
  readonly #key: ColumnExpr
  readonly #value: ColumnExpr
  #nextId = 0

  constructor(spec: KeyQuerySpec) {
    this.#spec = spec
    this.#key = this.#column('blob', 'key')
    this.#value = this.#column('blob', 'value')
  }

  plan(): KeyPlan {
    const { conditions, columns, groupBy } = this.#spec
    const prefix = this.#parameter('blob', this.#spec.prefix)
    const where = conditions.map(condition => this.#condition(condition))
    const isGrouped = groupBy.length > 0 || columns.some(({ aggregate }) => aggregate !== undefined)
    const upper = isGrouped ? this.#grouped() : this.#plain()
    // The members are all known now, so the source can be made, and what is above it put on top.
    const members = [...this.#members.values()]
    const source: PlanNode = {
      op: 'tableFunction',
      fn: KV_ROWS,
      args: [prefix, ...members.map(({ label }): Expr => ({ op: 'const', type: 'text', value: label }))],
      ids: [this.#key.id, this.#value.id, ...members.map(({ id }) => id)],
      types: ['blob', 'blob', ...members.map(({ type }) => type)],
    }
    const input: PlanNode = where.length === 0 ? source : { op: 'filter', input: source, predicate: conjunction(where) }
    return {
      root: upper.over(input),
      columns: upper.columns,
      parameterTypes: this.#types,
      values: this.#values,
    }
  }

  #plain() {
    const { columns } = this.#spec
    const exprs: readonly Expr[] =
      columns.length === 0 ? [this.#key, this.#value] : columns.map(({ field }) => this.#member(field!, 'any'))
    const names = columns.length === 0 ? ['key', 'value'] : columns.map(({ name }) => name)
    const keys = this.#sortKeys(name => this.#member(name, 'any'))
    const tail = this.#tail(keys)
    const ids = exprs.map(() => this.#nextId++)
    return {
      over: (input: PlanNode): PlanNode => ({ op: 'project', input: tail(input), exprs, ids }),
      columns: exprs.map(({ type }, i): ResultColumn => ({ name: names[i]!, type, nullable: true })),
    }
  }

  #grouped() {
    const { columns, groupBy } = this.#spec
    const groups = groupBy.map(name => ({ name, expr: this.#member(name, 'any') as Expr, id: this.#nextId++ }))
    const aggregates = new Map<string, { readonly id: number; readonly expr: AggregateExpr }>()
    const aggregate = (column: SelectedColumn): ColumnExpr => {
      const expr = this.#aggregate(column)
      const key = `${expr.fn} ${column.field ?? ''}`
      const held = aggregates.get(key) ?? { id: this.#nextId++, expr }
      aggregates.set(key, held)
      return { op: 'column', type: expr.type, id: held.id, nullable: true, label: column.name }
    }
    const group = (name: string, place: string): ColumnExpr => {
      const found = groups.find(g => g.name === name)
      if (found) return { op: 'column', type: 'any', id: found.id, nullable: true, label: name }
      throw queryError(
        `${place} names "${name}", which the groups have many of.`,
        `Group by it, or take an aggregate: MIN(${name}).`,
      )
    }
    const selected: readonly SelectedColumn[] =
      columns.length > 0 ? columns : groupBy.map(name => ({ name, aggregate: undefined, field: name }))
    const exprs = selected.map(column => (column.aggregate ? aggregate(column) : group(column.field!, 'select')))
    const keys = this.#sortKeys(name => {
      const position = selected.findIndex(column => column.name === name)
      return position >= 0 ? exprs[position]! : group(name, 'orderBy')
    })
    const tail = this.#tail(keys)
    const ids = exprs.map(() => this.#nextId++)
    return {
      over: (input: PlanNode): PlanNode => {
        const node: PlanNode = { op: 'aggregate', input, groups, aggregates: [...aggregates.values()] }
        return { op: 'project', input: tail(node), exprs, ids }
      },
      columns: exprs.map(({ type }, i): ResultColumn => ({ name: selected[i]!.name, type, nullable: true })),
    }
  }

  #aggregate({ aggregate, field }: SelectedColumn): AggregateExpr {
    const base = { op: 'aggregate', distinct: false, filter: undefined } as const
    if (field === undefined) return { ...base, type: 'integer', fn: 'countRows', arg: undefined }
    switch (aggregate) {
      case 'count':
        return { ...base, type: 'integer', fn: 'count', arg: this.#member(field, 'any') }
      case 'sum':
      case 'avg':
        return { ...base, type: 'real', fn: aggregate, arg: this.#member(field, 'real') }
      default:
        return { ...base, type: 'any', fn: aggregate as 'min' | 'max', arg: this.#member(field, 'any') }
    }
  }

  #sortKeys(resolve: (name: string) => Expr): SortKey[] {
    return this.#spec.orderBy.map(({ name, descending }) => ({ expr: resolve(name), descending, nullsLast: true }))
  }

  #tail(keys: readonly SortKey[]): (input: PlanNode) => PlanNode {
    const { limit, offset } = this.#spec
    const counts = {
      limit: limit === undefined ? undefined : this.#parameter('integer', limit),
      offset: offset === undefined ? undefined : this.#parameter('integer', offset),
    }
    if (keys.length > 0) return input => ({ op: 'sort', input, keys, ...counts })
    return limit === undefined && offset === undefined ? input => input : input => ({ op: 'limit', input, ...counts })
  }

  #condition({ field, operator, values }: Condition): Expr {
    switch (operator) {
      case CompareOp.IN:
      case CompareOp.NOT_IN:
        return this.#list(field, operator, values)
      case CompareOp.LIKE: {
        const text = this.#member(field, 'text')
        return { ...callOf('like', 'boolean', [text, this.#parameter('text', values[0])]), caseInsensitive: true }
      }
      default: {
        const value = values[0]!
        if (value === null) {
          const isNull = call('isNull', 'boolean', this.#member(field, 'any'))
          return operator === CompareOp.EQ ? isNull : call('not', 'boolean', isNull)
        }
        const { member, parameter } = this.#operands(field, value)
        return call(COMPARISONS[operator], 'boolean', member, parameter)
      }
    }
  }

  /** Each type has a column of its own: only like values are compared. */
  #list(field: string, operator: CompareOp, values: Condition['values']): Expr {
    const byType = new Map<SqlType, Expr[]>()
    let hasNull = false
    for (const value of values) {
      if (value === null) {
        hasNull = true
        continue
      }
      const { member, parameter } = this.#operands(field, value)
      const list = byType.get(member.type) ?? [member]
      list.push(parameter)
      byType.set(member.type, list)
    }
    const any = this.#member(field, 'any')
    const tests: Expr[] = [...byType.values()].map(list => callOf('in', 'boolean', list))
    if (operator === CompareOp.IN) {
      if (hasNull) tests.push(call('isNull', 'boolean', any))
      if (tests.length === 0) return { op: 'const', type: 'boolean', value: false }
      return tests.length === 1 ? tests[0]! : callOf('or', 'boolean', tests)
    }
    const refused = tests.map(test => call('not', 'boolean', test))
    if (hasNull || refused.length === 0) refused.push(call('not', 'boolean', call('isNull', 'boolean', any)))
    // A value that is of one of the types, and not among those of it.
    return refused.length === 1 ? refused[0]! : callOf('or', 'boolean', refused)
  }

  #operands(field: string, value: string | number | bigint | boolean) {
    const type: SqlType = typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'boolean' : 'real'
    const given = typeof value === 'bigint' ? Number(value) : value
    return { member: this.#member(field, type), parameter: this.#parameter(type, given) }
  }

  #member(name: string, type: SqlType): ColumnExpr {
    const key = `${type} ${name}`
    let column = this.#members.get(key)
    if (!column) this.#members.set(key, (column = this.#column(type, name)))
    return column
  }

  #column(type: SqlType, label: string): ColumnExpr {
    return { op: 'column', type, id: this.#nextId++, nullable: true, label }
  }

  #parameter(type: SqlType, value: unknown): Expr {
    this.#types.push(type)
    this.#values.push(value)
    return { op: 'param', type, index: this.#types.length - 1 }
  }
}
