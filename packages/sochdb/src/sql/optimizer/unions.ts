/**
 * OR over keys: `a = 1 OR b > 5` is what one key has, then what another one has that the first condition does not hold for. Each
 * disjunct is a branch with an access path of its own; where one of them has none, the table is read as a whole.
 */
import { call, TRUE } from '../binder/expr.js'
import type { ColumnExpr, ColumnId, Expr } from '../binder/expr.js'
import type { PlanNode } from '../plan/nodes.js'
import { accessPaths } from './access.js'
import type { AccessPath, AccessRequest } from './access.js'

const BRANCHES_MAX = 16

export interface Union {
  readonly paths: readonly AccessPath[]
  readonly rows: number
}

/** One for each predicate that is an OR whose disjuncts have keys of their own. */
export function unionsOf(request: AccessRequest, costOf: (path: AccessPath) => number): Union[] {
  return request.predicates.flatMap(predicate => {
    if (predicate.op !== 'or' || predicate.args.length > BRANCHES_MAX) return []
    const others = request.predicates.filter(p => p !== predicate)
    const paths: AccessPath[] = []
    for (const [i, disjunct] of predicate.args.entries()) {
      const predicates = [...others, ...conjunctsOf(disjunct), ...predicate.args.slice(0, i).map(notTrue)]
      const path = bestOf(accessPaths({ ...request, predicates, order: undefined }), costOf)
      if (!path) return []
      paths.push(path)
    }
    return [{ paths, rows: paths.reduce((rows, path) => rows + path.rows, 0) }]
  })
}

const conjunctsOf = (expr: Expr): readonly Expr[] => (expr.op === 'and' ? expr.args.flatMap(conjunctsOf) : [expr])

/** Of a condition that is NULL, too. */
const notTrue = (expr: Expr): Expr => call('not', 'boolean', call('isNotDistinct', 'boolean', expr, TRUE))

/** The cheapest path that a key narrows down. */
function bestOf(paths: readonly AccessPath[], costOf: (path: AccessPath) => number): AccessPath | undefined {
  let best: AccessPath | undefined
  for (const path of paths) {
    const isNarrow = path.equal.length > 0 || path.lo !== undefined || path.hi !== undefined || path.keys !== undefined
    if (isNarrow && (!best || costOf(path) < costOf(best))) best = path
  }
  return best
}

/** The branches, each with just the columns that are needed of the table. */
export function unionNode(
  { ref, needs }: Pick<AccessRequest, 'ref' | 'needs'>,
  branches: readonly PlanNode[],
): PlanNode {
  const exprs: readonly ColumnExpr[] = ref.columns.filter(column => needs.has(column.id))
  const ids: readonly ColumnId[] = exprs.map(column => column.id)
  const inputs = branches.map((input): PlanNode => ({ op: 'project', input, exprs, ids }))
  return { op: 'unionAll', inputs, ids }
}
