/** Keys of ORDER BY. */
import type { OrderItem } from '../ast/nodes.js'
import { queryError } from '../problem.js'
import type { SortKey } from './bound.js'
import { comparedAs } from './collations.js'
import type { BindContext } from './context.js'
import type { Expr } from './expr.js'

export function sortKey(context: BindContext, expr: Expr, item: Pick<OrderItem, 'descending' | 'nulls'>): SortKey {
  if (expr.type === 'vector') throw queryError('ORDER BY takes values with an order; a vector has none.')
  // NULLs are the smallest values, in PostgreSQL the largest.
  const nullsLast =
    item.nulls === undefined ? item.descending !== (context.dialect === 'postgres') : item.nulls === 'last'
  return { expr: comparedAs(expr), descending: item.descending, nullsLast }
}
