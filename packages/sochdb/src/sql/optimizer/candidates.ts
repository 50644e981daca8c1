/** Which part of a join may come next. */
import { columnsOf, hasSubquery } from '../binder/expr.js'
import type { ColumnId, Expr } from '../binder/expr.js'
import { columnsOfRelation } from './relations.js'
import type { Joined } from './relations.js'
import { positionOf } from './terms.js'

/** Joins of more parts than this are not tried in every order that might be good. */
const PARTS_TRIED = 12
const STARTS_TRIED = 3

/** All parts that may come first; of many, the one that was written first and those that yield least. */
export function startsOf(parts: readonly Joined[], rowsOf: (part: Joined) => number): readonly number[] {
  const all = [...parts.keys()]
  if (parts.length <= PARTS_TRIED) return all
  const rows = parts.map(rowsOf)
  return [0, ...all.slice(1).sort((a, b) => rows[a]! - rows[b]! || a - b)].slice(0, STARTS_TRIED)
}

export interface Candidate {
  readonly part: Joined
  /** The predicates that can be asked once it is joined. */
  readonly applied: ReadonlySet<Expr>
}

export function appliedTo(
  parts: readonly Joined[],
  predicates: readonly Expr[],
  columns: readonly ColumnId[],
): Candidate[] {
  const bound = new Set(columns)
  const open = predicates
    .filter(p => !hasSubquery(p))
    .map(p => ({ p, missing: [...columnsOf([p])].filter(id => !bound.has(id)) }))
  return parts.map(part => {
    const inside = columnsOfJoined(part)
    return { part, applied: new Set(open.filter(({ missing }) => missing.every(inside)).map(({ p }) => p)) }
  })
}

/** Of many candidates some that a predicate connects: looking at each of hundreds, at every step, would take minutes. */
export function worthTrying(candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length <= PARTS_TRIED) return candidates
  const connected = candidates.filter(({ applied }) => applied.size > 0)
  return (connected.length > 0 ? connected : candidates).slice(0, PARTS_TRIED)
}

export function columnsOfJoined(joined: Joined): (id: ColumnId) => boolean {
  switch (joined.op) {
    case 'table':
      return id => positionOf(joined.ref, id) >= 0
    case 'leaf': {
      const columns = columnsOfRelation(joined.relation)
      return id => columns.has(id)
    }
    case 'inner': {
      const tests = joined.parts.map(columnsOfJoined)
      return id => tests.some(test => test(id))
    }
    default: {
      const left = columnsOfJoined(joined.left)
      if (joined.op === 'outer' && (joined.kind === 'semi' || joined.kind === 'anti')) return left
      const right = columnsOfJoined(joined.right)
      return id => left(id) || right(id)
    }
  }
}
