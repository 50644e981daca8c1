/** `schema.mmd`: all that a schema declares as a Mermaid entity-relationship diagram, by the names of the store. */
import type { ColumnContract, Contract, JsonSchema, TableContract } from '@sochdb/schema'
import type { EmittedFile } from './file.js'
import { partHash } from './header.js'

export function emitDiagram(contract: Contract): EmittedFile {
  const { version: _, ...declared } = contract
  const { tables, collections, nodes, edges, caches, kv } = contract
  const entities = Object.values(tables).map(entity)
  const others = [
    ...Object.values(collections).map(({ name, dimension, metadata, indexed }) =>
      other('collection', name, [`vector(${dimension}) embedding`, ...fields(metadata, indexed)]),
    ),
    ...Object.values(nodes).map(({ name, properties, indexed }) => other('node', name, fields(properties, indexed))),
    ...Object.values(caches).map(({ name, dimension, scope }) =>
      other('cache', name, [`vector(${dimension}) embedding`, ...fields(scope)]),
    ),
    ...Object.values(kv).map(({ name, value }) => other('keys', name, ['string key PK', ...fields(value)])),
  ]
  const ways = Object.values(edges).map(
    ({ name, from, to, temporal }) =>
      `  ${idOf('node', from)} }o--o{ ${idOf('node', to)} : "${name}${temporal ? ' (temporal)' : ''}"\n`,
  )
  const text = ['erDiagram\n', ...entities, ...others, ...links(contract), ...ways].join('')
  return {
    path: 'schema.mmd',
    made: `all ${partHash(declared)}`,
    text,
    language: 'mermaid',
    formatted: true,
  }
}

/** What is no table is called by its kind too: a collection and a table may share a name. */
const idOf = (kind: string, name: string): string => `${kind}_${name}`

function other(kind: string, name: string, rows: readonly string[]): string {
  return `  ${idOf(kind, name)}["${kind} ${name}"] {\n${rows.map(row => `    ${row}\n`).join('')}  }\n`
}

/** The fields of an object, as far as the diagram's names can be theirs. */
function fields(schema: JsonSchema, indexed: readonly string[] = []): string[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>)
  return properties
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, { type }]) => {
      return `${typeof type === 'string' ? type : 'any'} ${name}${indexed.includes(name) ? ' "indexed"' : ''}`
    })
}

function entity(table: TableContract): string {
  const unique = new Set(
    table.indexes
      .filter(index => index.unique && index.where === undefined && index.columns.length === 1)
      .map(index => index.columns[0]!.column),
  )
  const rows = table.columns.map(column => {
    const keys = [
      ...(table.primaryKey.includes(column.name) ? ['PK'] : []),
      ...(column.references === undefined ? [] : ['FK']),
      ...(unique.has(column.name) ? ['UK'] : []),
    ]
    const note = column.nullable ? ' "nullable"' : ''
    return `    ${typeName(column)} ${column.column ?? column.name}${keys.length === 0 ? '' : ` ${keys.join(', ')}`}${note}\n`
  })
  return `  ${table.name} {\n${rows.join('')}  }\n`
}

function typeName(column: ColumnContract): string {
  if (column.items !== undefined) return `${column.items}[]`
  return column.type === 'vector' ? `vector(${column.dimension})` : column.enum === undefined ? column.type : 'enum'
}

/** One line per column that leads to another table, whether a reference or a relation says so. */
function links({ tables, relations }: Contract): string[] {
  const lines = new Map<string, string>()
  const link = (fromKey: string, columnName: string, toKey: string): void => {
    const [from, to] = [tables[fromKey]!, tables[toKey]!]
    const column = from.columns.find(one => one.name === columnName)!
    const one = column.nullable ? '|o' : '||'
    const alone = from.primaryKey.length === 1 && from.primaryKey[0] === columnName
    lines.set(
      `${fromKey}.${columnName} ${toKey}`,
      `  ${to.name} ${one}--o${alone ? '|' : '{'} ${from.name} : ${column.column ?? columnName}\n`,
    )
  }
  for (const [key, table] of Object.entries(tables)) {
    for (const column of table.columns)
      if (column.references !== undefined) link(key, column.name, column.references.table)
  }
  for (const [key, declared] of Object.entries(relations)) {
    for (const relation of Object.values(declared)) {
      if (relation.kind === 'one') link(key, relation.column, relation.table)
      else if (relation.kind === 'many') link(relation.table, relation.column, key)
      else {
        link(relation.through, relation.from, key)
        link(relation.through, relation.to, relation.table)
      }
    }
  }
  return [...lines.keys()].sort().map(key => lines.get(key)!)
}
