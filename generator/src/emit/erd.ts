/** `schema.mmd`: the tables as a Mermaid entity-relationship diagram. */
import type { ColumnContract, Contract, TableContract } from '@sochdb/schema'
import type { EmittedFile } from './file.js'
import { partHash } from './header.js'

export function emitDiagram(contract: Contract): EmittedFile {
  const { tables, relations } = contract
  const entities = Object.values(tables).map(entity)
  const text = ['erDiagram\n', ...entities, ...links(contract)].join('')
  return {
    path: 'schema.mmd',
    made: `tables ${partHash({ tables, relations })}`,
    text,
    language: 'mermaid',
    formatted: true,
  }
}

function entity(table: TableContract): string {
  const unique = new Set(
    table.indexes.filter(index => index.unique && index.columns.length === 1).map(index => index.columns[0]!.column),
  )
  const rows = table.columns.map(column => {
    const keys = [
      ...(table.primaryKey.includes(column.name) ? ['PK'] : []),
      ...(column.references === undefined ? [] : ['FK']),
      ...(unique.has(column.name) ? ['UK'] : []),
    ]
    const note = column.nullable ? ' "nullable"' : ''
    return `    ${typeName(column)} ${column.name}${keys.length === 0 ? '' : ` ${keys.join(', ')}`}${note}\n`
  })
  return `  ${table.name} {\n${rows.join('')}  }\n`
}

function typeName(column: ColumnContract): string {
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
      `  ${to.name} ${one}--o${alone ? '|' : '{'} ${from.name} : ${columnName}\n`,
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
