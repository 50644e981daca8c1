/** What stands in expressions and in queries. */
import type { FrameBound, OrderItem, WindowDefinition, WindowFrame } from './nodes.js'
import { printExpression } from './print.js'
import { quoteName } from './quote.js'

export function printOrder(item: OrderItem, limit: number): string {
  const nulls = item.nulls ? ` nulls ${item.nulls}` : ''
  return `${printExpression(item.expression, limit)}${item.descending ? ' desc' : ''}${nulls}`
}

export function printOrderBy(items: readonly OrderItem[] | undefined, limit: number): string {
  return items && items.length > 0 ? ` order by ${items.map(item => printOrder(item, limit)).join(', ')}` : ''
}

/** `(…)`. */
export function printWindow(w: WindowDefinition, limit: number): string {
  const parts: string[] = []
  if (w.base !== undefined) parts.push(quoteName(w.base))
  if (w.partitionBy.length > 0) {
    parts.push(`partition by ${w.partitionBy.map(e => printExpression(e, limit)).join(', ')}`)
  }
  if (w.orderBy.length > 0) parts.push(`order by ${w.orderBy.map(item => printOrder(item, limit)).join(', ')}`)
  if (w.frame) parts.push(printFrame(w.frame, limit))
  return `(${parts.join(' ')})`
}

const EXCLUDE = { none: '', current: ' exclude current row', group: ' exclude group', ties: ' exclude ties' } as const

function printFrame(f: WindowFrame, limit: number): string {
  return `${f.mode} between ${printBound(f.start, limit)} and ${printBound(f.end, limit)}${EXCLUDE[f.exclude]}`
}

function printBound(bound: FrameBound, limit: number): string {
  switch (bound.kind) {
    case 'unboundedPreceding':
      return 'unbounded preceding'
    case 'unboundedFollowing':
      return 'unbounded following'
    case 'currentRow':
      return 'current row'
    default:
      return `(${printExpression(bound.offset, limit)}) ${bound.kind}`
  }
}
