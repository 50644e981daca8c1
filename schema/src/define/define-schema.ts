import type { CacheDeclaration, CacheNode } from '../caches/cache-policy.js'
import type { CollectionDeclaration, CollectionNode } from '../collections/collection.js'
import { Declaration, describe, expectBrand, hasBrand, type Brand } from '../core/brand.js'
import type { EdgeDeclaration, EdgeNode, GraphNodeNode, NodeDeclaration } from '../graph/graph.js'
import type { KvDeclaration, KvNode } from '../kv/kv.js'
import type { Relation, RelationNode } from '../relations/relation.js'
import type { Table, TableNode } from '../tables/table.js'

type Declared<Node> = Readonly<Record<string, Node>>

/** A table, whatever its columns. */
export interface AnyTable {
  /** @internal */
  toNode(): TableNode
}

/** `snake_case`: the field `createdAt` is the column `created_at`. */
export type Casing = 'snake_case' | 'preserve'

/** Everything a schema file declares. Keys are the property names on the client: `tables: { users }` is `db.users`. */
export interface SchemaDefinition<Tables extends Declared<AnyTable>> {
  /** What columns are called in the store, where `.map(…)` does not say. Default: as their fields. */
  readonly casing?: Casing
  readonly tables?: Tables
  /** By the key of the table they start from. */
  readonly relations?: { readonly [Key in keyof Tables]?: Declared<Relation> }
  readonly collections?: Declared<CollectionDeclaration>
  readonly graph?: { readonly nodes?: Declared<NodeDeclaration>; readonly edges?: Declared<EdgeDeclaration> }
  readonly caches?: Declared<CacheDeclaration>
  readonly kv?: Declared<KvDeclaration>
}

export interface SchemaNode {
  readonly casing: Casing | undefined
  readonly tables: Declared<TableNode>
  readonly relations: Declared<Declared<RelationNode>>
  readonly collections: Declared<CollectionNode>
  readonly nodes: Declared<GraphNodeNode>
  readonly edges: Declared<EdgeNode>
  readonly caches: Declared<CacheNode>
  readonly kv: Declared<KvNode>
}

/** A whole schema: what `sochdb.schema.ts` exports by default. Comes from `defineSchema`. */
export class Schema extends Declaration<SchemaNode> {
  readonly #node: SchemaNode

  constructor(node: SchemaNode) {
    super('schema')
    this.#node = Object.freeze(node)
  }

  override toNode(): SchemaNode {
    return this.#node
  }
}

/** Is this what `defineSchema` returned, of this copy of the package or another? */
export function isSchema(value: unknown): value is Schema {
  return hasBrand(value, 'schema')
}

const sections = ['casing', 'tables', 'relations', 'collections', 'graph', 'caches', 'kv'] as const

/**
 * Gathers declarations into a schema. It checks that each is of its kind; `validateSchema` checks what they say.
 *
 * @example
 * export default defineSchema({
 *   tables: { orgs, users },
 *   relations: { users: { org: one('orgs', 'orgId') }, orgs: { users: many('users.orgId') } },
 * })
 */
export function defineSchema<const Tables extends Declared<AnyTable> = Declared<Table<string>>>(
  definition: SchemaDefinition<Tables>,
): Schema {
  if (typeof definition !== 'object' || definition === null) throw new TypeError('defineSchema takes an object.')
  for (const key of Object.keys(definition)) {
    if (!(sections as readonly string[]).includes(key)) {
      throw new TypeError(`defineSchema knows no "${key}"; it takes ${sections.join(', ')}.`)
    }
  }
  const { casing, tables, relations, collections, graph, caches, kv } = definition
  if (casing !== undefined && casing !== 'snake_case' && casing !== 'preserve') {
    throw new TypeError(`casing is 'snake_case' or 'preserve'; got ${describe(casing)}.`)
  }
  return new Schema({
    casing,
    tables: nodes<TableNode>('tables', tables, 'table', "made by table('name', { … })"),
    relations: relationNodes(relations as Declared<Declared<Relation> | undefined> | undefined),
    collections: nodes<CollectionNode>('collections', collections, 'collection', "made by collection('name', { … })"),
    nodes: nodes<GraphNodeNode>('graph.nodes', graph?.nodes, 'node', "made by node('Name', …)"),
    edges: nodes<EdgeNode>('graph.edges', graph?.edges, 'edge', "made by edge('NAME', 'From', 'To', …)"),
    caches: nodes<CacheNode>('caches', caches, 'cache', "made by cachePolicy('name', { … })"),
    kv: nodes<KvNode>('kv', kv, 'kv', "made by kv('name', { … })"),
  })
}

function nodes<Node>(section: string, declared: object | undefined, brand: Brand, remedy: string): Declared<Node> {
  const result: Record<string, Node> = Object.create(null) as Record<string, Node>
  for (const [key, value] of Object.entries(declared ?? {})) {
    expectBrand(value, brand, `${section}.${key}`, remedy)
    result[key] = (value as Declaration<object>).toNode() as Node
  }
  return Object.freeze(result)
}

function relationNodes(
  relations: Declared<Declared<Relation> | undefined> | undefined,
): Declared<Declared<RelationNode>> {
  const result: Record<string, Declared<RelationNode>> = Object.create(null) as Record<string, Declared<RelationNode>>
  for (const [key, declared] of Object.entries(relations ?? {})) {
    result[key] = nodes<RelationNode>(
      `relations.${key}`,
      declared,
      'relation',
      'made by one(…), many(…) or manyToMany(…)',
    )
  }
  return Object.freeze(result)
}
