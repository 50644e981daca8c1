/** `eb.ref('profile', '->>').key('address').at(0)`: a path into JSON. */
import type { JSONPathLegNode, JSONPathNode, JSONReferenceNode, OperatorNode, ValueNode } from 'kysely'
import type { Expression } from 'sochdb/internal'
import { onlyAsText, type LoweringContext } from './context.js'
import { lowerExpression } from './expression.js'

export function lowerJsonReference(context: LoweringContext, node: JSONReferenceNode): Expression {
  const { reference, traversal } = node
  let left = lowerExpression(context, reference)
  if (traversal.kind === 'JSONPathNode') {
    const { inOperator } = traversal
    if (inOperator === undefined) onlyAsText()
    const operator = arrow(inOperator)
    return { kind: 'binary', operator, left, right: { kind: 'literal', value: pathOf(traversal) } }
  }
  const { operator, values } = traversal
  values.forEach((value: ValueNode, i) => {
    const right = lowerExpression(context, value)
    left = { kind: 'binary', operator: i === values.length - 1 ? arrow(operator) : '->', left, right }
  })
  return left
}

function arrow(node: OperatorNode): '->' | '->>' {
  const { operator } = node
  return operator === '->' || operator === '->>' ? operator : onlyAsText()
}

export function pathOf(node: JSONPathNode): string {
  return `$${node.pathLegs.map(leg).join('')}`
}

function leg({ type, value }: JSONPathLegNode): string {
  if (type === 'ArrayLocation') return `[${String(value)}]`
  return `."${String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
