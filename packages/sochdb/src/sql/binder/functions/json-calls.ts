/** The operators of JSON. */
import { cast } from '../expr.js'
import type { Expr } from '../expr.js'
import { bindFunction } from './arguments.js'
import { isNumeric } from '../../types.js'

/** `x -> key` is the member as JSON, `x ->> key` what it says. The key is a member's name, an index, or a path. */
export function jsonMember(operator: '->' | '->>', json: Expr, key: Expr): Expr {
  const fn = operator === '->' ? 'json_member' : 'json_member_value'
  return bindFunction(fn, [json, isNumeric(key.type) ? cast(key, 'integer') : key], operator)
}
