/** Queries without what nobody asks for: columns, and rows beyond a limit. */
import type { BoundSelect } from '../binder/bound.js'
import { columnsOf, constant, isVolatile } from '../binder/expr.js'
import type { ColumnId } from '../binder/expr.js'
import { plainSelect } from '../binder/reshape.js'

/** The SELECT with only the columns that are needed; all of a DISTINCT, whose rows they tell apart. */
export function prunedSelect(q: BoundSelect, needs: ReadonlySet<ColumnId> | undefined): BoundSelect {
  if (!needs || q.distinct || q.columns.every(c => needs.has(c.id))) return q
  const kept = [...q.columns.keys()].filter(i => needs.has(q.columns[i]!.id))
  const output = kept.map(i => q.output[i]!)
  const used = columnsOf([...output, ...q.qualify, ...q.orderBy.map(k => k.expr)])
  return {
    ...q,
    columns: kept.map(i => q.columns[i]!),
    output,
    windows: q.windows.filter(w => used.has(w.id)),
  }
}

/** `(… UNION ALL …) LIMIT n` takes no more than n rows of any branch. */
export function limitedBranches(q: BoundSelect): BoundSelect {
  const { from, limit, offset } = q
  if (from?.op !== 'query' || from.query.kind !== 'union' || limit?.op !== 'const' || typeof limit.value !== 'bigint') {
    return q
  }
  const isPlain = q.where.length === 0 && !q.grouping && q.windows.length === 0 && q.qualify.length === 0
  if (!isPlain || q.distinct || q.orderBy.length > 0 || q.output.some(isVolatile)) return q
  const skipped = offset === undefined ? 0n : offset.op === 'const' ? offset.value : null
  if (typeof skipped !== 'bigint') return q
  const most = constant('integer', limit.value + skipped)
  const inputs = from.query.inputs.map(query => plainSelect(query, most))
  return { ...q, from: { ...from, query: { ...from.query, inputs } } }
}
