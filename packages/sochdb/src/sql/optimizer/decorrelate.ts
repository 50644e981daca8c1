/** EXISTS and IN as conditions: semi and anti joins with what they ask about. */
import type { BoundSelect, Relation } from '../binder/bound.js'
import { conjuncts, hasSubquery, isNullable } from '../binder/expr.js'
import type { Expr, SubqueryExpr } from '../binder/expr.js'
import { compareRows } from '../binder/subqueries.js'
import { holdsSlot, slotSubstitution, substitution } from './mapping.js'

/** `from`, joined so that of its rows those remain for which `term` is true; `undefined` where a join cannot tell. */
export function decorrelated(
  from: Relation,
  term: Expr,
  simplify: (q: BoundSelect) => BoundSelect,
): Relation | undefined {
  const isNot = term.op === 'not'
  const asked = isNot ? term.args[0]! : term
  if (asked.op !== 'subquery' || asked.kind === 'scalar' || asked.inputs.some(hasSubquery)) return undefined
  const other = otherSide(asked, simplify)
  if (!other || other.on.some(hasSubquery)) return undefined
  // NOT IN is NULL, not true, where something is NULL.
  if (isNot && other.compared.some(isNullable)) return undefined
  return { op: 'join', kind: isNot ? 'anti' : 'semi', left: from, right: other.relation, on: other.on }
}

interface OtherSide {
  readonly relation: Relation
  readonly on: readonly Expr[]
  /** What IN compares. */
  readonly compared: readonly Expr[]
}

function otherSide(asked: SubqueryExpr, simplify: (q: BoundSelect) => BoundSelect): OtherSide | undefined {
  const query = asked.query.kind === 'select' ? simplify(asked.query) : asked.query
  const held = new Map(asked.slots.map((slot, i) => [slot, asked.inputs[i]!]))
  const operands = asked.inputs.slice(asked.slots.length)
  if (query.kind === 'select' && query.from && isFlat(query, asked.kind) && !holdsSlot({ relation: query.from })) {
    const inside = slotSubstitution(held)
    const columns = new Map(query.columns.map(({ id }, i) => [id, inside(query.output[i]!)]))
    const targets = asked.targets.map(substitution(columns))
    const on = [...query.where.map(inside), ...comparison(asked, operands, targets)]
    // Without anything that ties it to the row, it is asked once.
    if (asked.kind === 'exists' && asked.slots.length === 0) return undefined
    return { relation: query.from, on, compared: [...operands, ...targets] }
  }
  if (asked.kind === 'exists' || asked.slots.length > 0) return undefined
  const on = comparison(asked, operands, asked.targets)
  return { relation: { op: 'query', query, name: 'in' }, on, compared: [...operands, ...asked.targets] }
}

function comparison(asked: SubqueryExpr, operands: readonly Expr[], targets: readonly Expr[]): Expr[] {
  return asked.kind === 'any' ? conjuncts(compareRows(asked.compare, operands, targets)) : []
}

/** Whether its rows are those of FROM that WHERE admits, as far as the question goes. */
function isFlat(q: BoundSelect, kind: SubqueryExpr['kind']): boolean {
  if (q.grouping || q.windows.length > 0 || q.qualify.length > 0 || q.offset) return false
  const { limit } = q
  if (!limit) return true
  return kind === 'exists' && limit.op === 'const' && typeof limit.value === 'bigint' && limit.value > 0n
}
