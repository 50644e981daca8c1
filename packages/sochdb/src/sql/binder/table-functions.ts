/** Functions in FROM. */
import type { TableExpression } from '../ast/nodes.js'
import { unsupported } from '../problem.js'
import type { Relation } from './bound.js'
import type { BindContext } from './context.js'
import type { Scope } from './scope.js'

export type TableFunctionCall = Extract<TableExpression, { kind: 'function' }>

/** The rows of a function. `scope` is where its arguments stand: what they take from tables to the left are slots there. */
export function bindTableFunction(
  context: BindContext,
  scope: Scope,
  t: TableFunctionCall,
): Extract<Relation, { op: 'function' }> {
  void context
  void scope
  throw unsupported(`The table function ${t.name}()`)
}
