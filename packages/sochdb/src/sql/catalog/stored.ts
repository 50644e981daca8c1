/** Expressions as the catalog keeps them: text, parsed when an entry is used. */
import type { Expression } from '../ast/nodes.js'
import { unsupported } from '../problem.js'

/** Errors: QueryError, as long as nothing reads SQL text. */
export function parseStored(text: string): Expression {
  throw unsupported(`The expression ${text} in the declaration of a table`)
}
