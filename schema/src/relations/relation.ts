import { Declaration } from '../core/brand.js'

export type RelationNode =
  | { readonly kind: 'one'; readonly table: string; readonly column: string }
  /** `target`: `table.column`, as written. */
  | { readonly kind: 'many'; readonly target: string }
  /** `from` and `to`: columns of `through`. */
  | {
      readonly kind: 'manyToMany'
      readonly table: string
      readonly through: string
      readonly from: string
      readonly to: string
    }

/** A way from a row to others. Relations come from `one`, `many` and `manyToMany`. */
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

/** The table between both, and its columns that hold their primary keys. */
export interface ThroughOptions {
  readonly through: string
  /** The column that holds the primary key of the table the relation starts from. */
  readonly from: string
  /** The column that holds the primary key of the table it leads to. */
  readonly to: string
}

/**
 * To many rows of a table whose rows have many of this one: a table between both holds the keys of the two.
 *
 * @example relations: { posts: { tags: manyToMany('tags', { through: 'postTags', from: 'postId', to: 'tagId' }) } }
 */
export function manyToMany(table: string, { through, from, to }: ThroughOptions): Relation {
  return new Relation({ kind: 'manyToMany', table, through, from, to })
}
