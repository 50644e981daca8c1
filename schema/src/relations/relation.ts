import { Declaration } from '../core/brand.js'

export type RelationNode =
  | { readonly kind: 'one'; readonly table: string; readonly column: string }
  /** `target`: `table.column`, as written. */
  | { readonly kind: 'many'; readonly target: string }

/** A way from a row to others. Relations come from `one` and `many`. */
export class Relation extends Declaration<RelationNode> {
  readonly #node: RelationNode

  constructor(node: RelationNode) {
    super('relation')
    this.#node = Object.freeze(node)
  }

  override toNode(): RelationNode {
    return this.#node
  }
}

/**
 * To one row: `column` of this table holds the primary key of `table`.
 *
 * @example relations: { users: { org: one('orgs', 'orgId') } }
 */
export function one(table: string, column: string): Relation {
  return new Relation({ kind: 'one', table, column })
}

/**
 * To many rows: the column `'table.column'` names holds this table's primary key.
 *
 * @example relations: { orgs: { users: many('users.orgId') } }
 */
export function many(target: string): Relation {
  return new Relation({ kind: 'many', target })
}
