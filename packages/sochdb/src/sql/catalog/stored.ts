/** Expressions as the catalog keeps them: text, parsed when an entry is used. */
import type { Expression } from '../ast/nodes.js'
import { parseExpression } from '../parser/index.js'

const LIMIT = 2000
const parsed = new Map<string, Expression>()

/** Errors: QuerySyntaxError for text that is no expression. */
export function parseStored(text: string): Expression {
  let expression = parsed.get(text)
  if (!expression) {
    expression = parseExpression(text)
    if (parsed.size >= LIMIT) parsed.clear()
    parsed.set(text, expression)
  }
  return expression
}
