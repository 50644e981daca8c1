/** Names of tables and columns. */
import type {
  AliasNode,
  ColumnNode,
  IdentifierNode,
  OperationNode,
  ReferenceNode,
  SchemableIdentifierNode,
  TableNode,
} from 'kysely'
import { onlyAsText } from './context.js'

export function identifierOf(node: OperationNode): string {
  if (node.kind !== 'IdentifierNode') onlyAsText()
  return (node as IdentifierNode).name
}

export function columnName(node: OperationNode): string {
  if (node.kind === 'ReferenceNode') return columnName((node as ReferenceNode).column)
  if (node.kind !== 'ColumnNode') onlyAsText()
  return identifierOf((node as ColumnNode).column)
}

export interface QualifiedName {
  readonly schema: string | undefined
  readonly name: string
}

export function qualifiedName(node: OperationNode): QualifiedName {
  if (node.kind !== 'TableNode') onlyAsText()
  const { schema, identifier } = (node as TableNode).table as SchemableIdentifierNode
  return { schema: schema?.name, name: identifier.name }
}

/** What a reference stands for: the table alone, as FROM calls it. */
export const tableOfReference = (node: OperationNode): string => qualifiedName(node).name

/** A table that is written to: those have no schema but the one. */
export function writtenTable(node: OperationNode): { table: string; alias: string | undefined } {
  if (node.kind === 'AliasNode') {
    const { node: aliased, alias } = node as AliasNode
    return { table: writtenTable(aliased).table, alias: identifierOf(alias) }
  }
  const { schema, name } = qualifiedName(node)
  // The parser refuses other schemas, and says why.
  if (schema !== undefined && schema !== 'main' && schema !== 'public') onlyAsText()
  return { table: name, alias: undefined }
}
