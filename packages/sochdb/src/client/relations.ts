/** Relations of a contract: how rows of two tables belong together, as conditions. */
import type { Contract, RelationContract, TableContract } from '@sochdb/schema/contract'
import { both, type Parameters } from './parameters.js'
import type { Scope } from './scope.js'
import { ValidationError } from '../errors/index.js'
import type { Expression, SelectItem, SelectStatement } from '../sql/ast/nodes.js'

/** A table in a statement: `qualifier` is what its columns are reached by. */
export interface Source {
  /** On the client. */
  readonly property: string
  readonly table: TableContract
  readonly qualifier: string
}

export function sourceOf(contract: Contract, property: string, qualifier?: string): Source {
  const table = contract.tables[property]!
  return { property, table, qualifier: qualifier ?? table.name }
}

export function relationsOf(contract: Contract, property: string): Readonly<Record<string, RelationContract>> {
  return contract.relations[property] ?? {}
}

/** @throws ValidationError when there is no such relation */
export function relationOf(contract: Contract, { property, table }: Source, name: string): RelationContract {
  const relations = relationsOf(contract, property)
  if (Object.hasOwn(relations, name)) return relations[name]!
  const known = Object.keys(relations).join(', ') || 'none'
  throw new ValidationError(`"${table.name}" has no relation "${name}". It has: ${known}.`)
}

/** A relation without a table between both. */
export type DirectRelation = Exclude<RelationContract, { readonly kind: 'manyToMany' }>
/** A relation by the rows of a table between both. */
export type ThroughRelation = Extract<RelationContract, { readonly kind: 'manyToMany' }>

/** Columns of both sides that are equal in rows that belong together. */
export function linkColumns(
  name: string,
  relation: DirectRelation,
  parent: TableContract,
  child: TableContract,
): { readonly parent: string; readonly child: string } {
  if (relation.kind === 'one') return { parent: relation.column, child: soleKey(name, child) }
  return { parent: soleKey(name, parent), child: relation.column }
}

/** What a condition on related rows needs to know: of a table between both, only visible rows count. */
export interface LinkContext {
  readonly contract: Contract
  readonly scope: Scope
  readonly parameters: Parameters
}

/** Which rows of `child` belong to a row of `parent`. */
export function link(
  context: LinkContext,
  name: string,
  relation: RelationContract,
  parent: Source,
  child: Source,
): Expression {
  if (relation.kind === 'manyToMany') return linkThrough(context, name, relation, parent, child)
  const columns = linkColumns(name, relation, parent.table, child.table)
  return {
    kind: 'binary',
    operator: '=',
    left: { kind: 'column', table: child.qualifier, name: columns.child },
    right: { kind: 'column', table: parent.qualifier, name: columns.parent },
  }
}

function linkThrough(
  { contract, scope, parameters }: LinkContext,
  name: string,
  { through, from, to }: ThroughRelation,
  parent: Source,
  child: Source,
): Expression {
  const between = sourceOf(contract, through, parameters.alias())
  const own: Expression = {
    kind: 'binary',
    operator: '=',
    left: { kind: 'column', table: between.qualifier, name: from },
    right: { kind: 'column', table: parent.qualifier, name: soleKey(name, parent.table) },
  }
  const visible = scope.of(between.table).condition(between.qualifier, parameters)
  return {
    kind: 'inQuery',
    operand: { kind: 'column', table: child.qualifier, name: soleKey(name, child.table) },
    query: { ...selectFrom(between, [columnItem(to)]), where: both(own, visible) },
    negated: false,
  }
}

export function soleKey(relation: string, { name, primaryKey }: TableContract): string {
  const [column, ...more] = primaryKey
  if (column !== undefined && more.length === 0) return column
  throw new ValidationError(`The relation "${relation}" needs a primary key of one column in "${name}".`)
}

/** The rows of a source, before anything else is said of them. */
export function selectFrom({ table, qualifier }: Source, columns: readonly SelectItem[]): SelectStatement {
  return {
    kind: 'select',
    distinct: false,
    columns,
    from: { kind: 'table', name: table.name, alias: qualifier === table.name ? undefined : qualifier },
    where: undefined,
    groupBy: [],
    having: undefined,
    orderBy: [],
    limit: undefined,
    offset: undefined,
  }
}

export const columnItem = (name: string, alias?: string): SelectItem => ({
  kind: 'expression',
  expression: { kind: 'column', table: undefined, name },
  alias,
})

export const call = (name: string, ...args: readonly Expression[]): Expression => ({
  kind: 'call',
  name,
  arguments: args,
  distinct: false,
  filter: undefined,
})
