/** The operators of JSON. */
import type { BindContext } from '../context.js'
import { cast } from '../expr.js'
import type { Expr } from '../expr.js'
import { bindFunction } from './arguments.js'
import { isNumeric } from '../../types.js'

/**
 * `x -> key` is the member as JSON, `x ->> key` what it says: text of objects and arrays, in PostgreSQL of everything. The key is
 * a member's name, an index, or a path.
 */
export function jsonMember(context: BindContext, operator: '->' | '->>', json: Expr, key: Expr): Expr {
  const fn = operator === '->' ? 'json_member' : 'json_member_value'
  const member = bindFunction(fn, [json, isNumeric(key.type) ? cast(key, 'integer') : key], operator)
  return operator === '->>' && context.dialect === 'postgres' ? cast(member, 'text') : member
}
