/**
 * What a client may see of its tables: the rows of one tenant, and those that are not marked as deleted. Every statement of
 * both tiers is made for a scope; tables that declare neither cost nothing.
 */
import type { TableContract } from '@sochdb/schema/contract'
import { ValidationError } from '../errors/index.js'
import type { Expression } from '../sql/ast/nodes.js'
import { checkProperties, describe } from './check.js'
import type { Parameters } from './parameters.js'
import type { Owner } from './tenants.js'

/** `$for({ tenant, withDeleted })`. */
export interface ScopeOptions {
  readonly tenant?: unknown
  readonly withDeleted?: boolean
}

/** What a scope means for one table. */
export interface TableScope {
  /** Tells statements of different scopes apart: empty where there is no condition. */
  readonly key: string
  /** Those of `condition`, in their order. */
  readonly values: readonly unknown[]
  /** What every row that is read or written must meet. */
  condition(qualifier: string | undefined, parameters: Parameters): Expression | undefined
  /** The column that every row has the tenant in. */
  readonly tenant: { readonly column: string; readonly value: unknown } | undefined
  /** The column that has the time of a row's deletion, where deleting marks. */
  readonly mark: string | undefined
}

const unscoped: TableScope = Object.freeze({
  key: '',
  values: [],
  condition: () => undefined,
  tenant: undefined,
  mark: undefined,
})

export class Scope {
  readonly #tenant: unknown
  readonly #withDeleted: boolean
  readonly #tables = new Map<TableContract, TableScope>()

  constructor({ tenant, withDeleted }: ScopeOptions = {}) {
    this.#tenant = tenant
    this.#withDeleted = withDeleted === true
  }

  /** Of something else than a table, whose field `field` says whose it is. */
  owner(field: string): Owner | undefined {
    return this.#tenant === undefined ? undefined : { field, value: this.#tenant }
  }

  get hasTenant(): boolean {
    return this.#tenant !== undefined
  }

  /** This scope with what `$for` was given in place of its own. */
  with(options: ScopeOptions): Scope {
    checkProperties(options, '$for', ['tenant', 'withDeleted'])
    const { tenant = this.#tenant, withDeleted = this.#withDeleted } = options
    if (tenant === null) throw new ValidationError('$for: tenant is a value of the tenant column, not null.')
    if ('tenant' in options && options.tenant === undefined) {
      throw new ValidationError('$for has "tenant: undefined": leave it out to see the rows of all tenants.')
    }
    if (typeof withDeleted !== 'boolean') {
      throw new ValidationError(`$for: withDeleted is true or false, not ${describe(withDeleted)}.`)
    }
    return new Scope({ tenant, withDeleted })
  }

  of(table: TableContract): TableScope {
    let scope = this.#tables.get(table)
    if (scope === undefined) this.#tables.set(table, (scope = this.#make(table)))
    return scope
  }

  #make(table: TableContract): TableScope {
    const tenant =
      table.tenant === undefined || this.#tenant === undefined
        ? undefined
        : { column: table.tenant, value: this.#tenant }
    const mark = this.#withDeleted ? undefined : table.softDelete
    if (tenant === undefined && mark === undefined) return unscoped
    const condition = (qualifier: string | undefined, parameters: Parameters): Expression => {
      const operands: Expression[] = []
      const column = (name: string): Expression => ({ kind: 'column', table: qualifier, name })
      if (mark !== undefined) operands.push({ kind: 'isNull', operand: column(mark), negated: false })
      if (tenant !== undefined) {
        const right = parameters.add(tenant.value)
        operands.push({ kind: 'binary', operator: '=', left: column(tenant.column), right })
      }
      return operands.length === 1 ? operands[0]! : { kind: 'and', operands }
    }
    return {
      key: `${mark === undefined ? '' : 'd'}${tenant === undefined ? '' : 't'}`,
      values: tenant === undefined ? [] : [tenant.value],
      condition,
      tenant,
      mark,
    }
  }
}
