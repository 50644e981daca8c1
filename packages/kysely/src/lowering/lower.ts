import type {
  DeleteQueryNode,
  ExplainNode,
  InsertQueryNode,
  OperationNode,
  SelectQueryNode,
  UpdateQueryNode,
} from 'kysely'
import type { DataStatement, Statement } from 'sochdb/internal'
import type { Printer } from '../query-compiler.js'
import { LoweringContext, OnlyAsText, onlyAsText } from './context.js'
import { lowerInsert } from './insert.js'
import { lowerSelect } from './select.js'
import { lowerDelete, lowerUpdate } from './update.js'

export interface Lowered {
  readonly statement: Statement
  readonly parameters: readonly unknown[]
}

/**
 * The operation tree of a query, after plugins, as the engine's own syntax tree; `undefined` for what only text can say: the
 * schema, whole statements written as text, and nodes that are not known here.
 */
export function lower(node: OperationNode, printer: Printer): Lowered | undefined {
  const context = new LoweringContext(printer)
  try {
    return { statement: lowerStatement(context, node), parameters: context.parameters }
  } catch (error) {
    if (error instanceof OnlyAsText) return undefined
    throw error
  }
}

function lowerStatement(context: LoweringContext, node: OperationNode): Statement {
  switch (node.kind) {
    case 'SelectQueryNode':
      return explained(node as SelectQueryNode, lowerSelect(context, node as SelectQueryNode))
    case 'InsertQueryNode':
      return explained(node as InsertQueryNode, lowerInsert(context, node as InsertQueryNode))
    case 'UpdateQueryNode':
      return explained(node as UpdateQueryNode, lowerUpdate(context, node as UpdateQueryNode))
    case 'DeleteQueryNode':
      return explained(node as DeleteQueryNode, lowerDelete(context, node as DeleteQueryNode))
    default:
      onlyAsText()
  }
}

function explained({ explain }: { readonly explain?: ExplainNode }, statement: DataStatement): Statement {
  if (explain === undefined) return statement
  if (explain.format !== undefined || explain.options !== undefined) onlyAsText()
  return { kind: 'explain', analyze: false, statement }
}
