/** Plans for people: one operator a line, inputs below it, indented. */
import type { TableRef } from '../binder/bound.js'
import { conjunction, formatExpr, formatSortKeys } from '../binder/expr.js'
import type { Expr } from '../binder/expr.js'
import { rowExpressions } from '../binder/row-expressions.js'
import type {
  ApplyNode,
  Bound,
  ConflictNode,
  IndexJoinNode,
  InsertNode,
  PlanNode,
  ScanKeysNode,
  ScanNode,
} from './nodes.js'

export function explainPlan(node: PlanNode): string {
  return lines(node).join('\n')
}

/** What an operator did, or the whole plan (`Counts` of an analysing plan). */
export interface OperatorCounts {
  /** That it yielded, over all loops; of a write those that it wrote. */
  readonly rows: number
  /** How often it was run. */
  readonly loops: number
  /** Its inputs included. */
  readonly nanos: number
}

/** The operators with what they did, and what the whole took. */
export function explainCounts(operators: readonly string[], counts: readonly OperatorCounts[]): string[] {
  const milliseconds = (nanos: number) => `${(nanos / 1e6).toFixed(3)} ms`
  const described = operators.map((operator, i) => {
    const { rows, loops, nanos } = counts[i]!
    return `${operator} (rows=${rows} loops=${loops} time=${milliseconds(nanos)})`
  })
  return [...described, `total ${milliseconds(counts.at(-1)!.nanos)}`]
}

function lines(node: PlanNode): string[] {
  return [describeNode(node), ...inputsOf(node).flatMap(input => lines(input).map(line => `  ${line}`))]
}

function inputsOf(node: PlanNode): PlanNode[] {
  switch (node.op) {
    case 'scan':
    case 'scanKeys':
    case 'values':
    case 'workingTable':
    case 'tableFunction':
      return []
    case 'indexJoin':
      return [node.outer]
    case 'loopJoin':
      return [node.left, node.right, ...(node.asked ? [node.asked.rows.plan] : [])]
    case 'setOp':
      return [node.left, node.right]
    case 'unionAll':
      return [...node.inputs]
    case 'recursive':
      return [node.anchor, node.step]
    case 'apply':
      return [node.outer, node.inner]
    case 'insert': {
      const over = [node.conflict.rows, ...node.more.map(c => c.rows), node.returningRows]
      return [node.input, ...over.flatMap(rows => (rows ? [rows.plan] : []))]
    }
    default:
      return [node.input]
  }
}

function describeNode(node: PlanNode): string {
  switch (node.op) {
    case 'scan':
      return describeScan(node)
    case 'scanKeys':
      return describeScanKeys(node)
    case 'filter':
      return `filter ${formatExpr(node.predicate)}`
    case 'project':
      return `project ${list(node.exprs)}`
    case 'sort':
      return `sort ${formatSortKeys(node.keys)}${limits(node.limit, node.offset)}`
    case 'limit':
      return limits(node.limit, node.offset).trimStart()
    case 'aggregate': {
      const by = node.groups.length > 0 ? ` by ${list(node.groups.map(g => g.expr))}` : ''
      return `aggregate ${list(node.aggregates.map(a => a.expr))}${by}`
    }
    case 'window':
      return `window ${list(node.functions.map(f => f.expr))}`
    case 'indexJoin':
      return describeIndexJoin(node)
    case 'loopJoin':
      return `${joinWord(node.kind)}loop join${on([node.predicate, node.asked?.predicate])}`
    case 'distinct':
      return 'distinct'
    case 'values':
      return `values ${node.rows.length === 1 ? '1 row' : `${node.rows.length} rows`}`
    case 'unionAll':
      return 'union all'
    case 'setOp':
      return `${node.kind}${node.all ? ' all' : ''}`
    case 'recursive':
      return `recursive #${node.table}${node.distinct ? ' distinct' : ''}`
    case 'workingTable':
      return `rows of #${node.table}`
    case 'apply':
      return describeApply(node)
    case 'tableFunction':
      return `table function ${node.fn}(${list(node.args)})`
    case 'insert':
      return describeInsert(node)
    case 'update': {
      const set = node.set.map(s => `${nameAt(node.ref, s.position)} = ${formatExpr(s.value)}`).join(', ')
      const or = node.action === 'error' ? '' : `or ${node.action} `
      return `update ${or}${node.ref.table.entry.name} set ${set}${returning(node.returning)}`
    }
    case 'delete':
      return `delete from ${node.ref.table.entry.name}${returning(node.returning)}`
  }
}

function on(predicates: readonly (Expr | undefined)[]): string {
  const terms = predicates.filter(term => term !== undefined)
  return terms.length > 0 ? ` on ${formatExpr(conjunction(terms))}` : ''
}

function describeScan(node: ScanNode): string {
  const keys = keyColumns(node.ref, node.index)
  const conditions = node.equal.map((expr, i) => `${keys[i]!} = ${formatExpr(expr)}`)
  const next = keys[node.equal.length]
  if (node.lo) conditions.push(`${next!} ${node.lo.inclusive ? '>=' : '>'} ${formatBound(node.lo)}`)
  if (node.hi) conditions.push(`${next!} ${node.hi.inclusive ? '<=' : '<'} ${formatBound(node.hi)}`)
  const range = conditions.length > 0 ? ` (${conditions.join(', ')})` : ''
  return `scan ${tableName(node.ref)} by ${keyName(node.ref, node.index)}${range}${node.reverse ? ' backwards' : ''}${columns(node)}`
}

function describeScanKeys(node: ScanKeysNode): string {
  const names = keyColumns(node.ref, node.index).slice(0, node.keys[0]?.length ?? 0)
  const shown = node.keys.slice(0, 4).map(key => (key.length === 1 ? formatExpr(key[0]!) : `(${list(key)})`))
  const more = node.keys.length > 4 ? `, … ${node.keys.length} keys` : ''
  const column = names.length === 1 ? names[0]! : `(${names.join(', ')})`
  return `scan ${tableName(node.ref)} by ${keyName(node.ref, node.index)} (${column} in (${shown.join(', ')}${more}))${columns(node)}`
}

function describeIndexJoin(node: IndexJoinNode): string {
  const names = keyColumns(node.ref, node.index)
  const on = node.equal.map((expr, i) => `${names[i]!} = ${formatExpr(expr)}`).join(', ')
  const residual = node.residual ? ` and ${formatExpr(node.residual)}` : ''
  return `${joinWord(node.kind)}index join ${tableName(node.ref)} by ${keyName(node.ref, node.index)} (${on})${residual}${columns(node)}`
}

function joinWord(kind: string): string {
  return kind === 'inner' ? '' : `${kind} `
}

function describeApply(node: ApplyNode): string {
  const slots = node.slots.map(({ slot, expr }) => `@${slot} = ${formatExpr(expr)}`).join(', ')
  const on = node.predicate ? ` on ${formatExpr(node.predicate)}` : ''
  return `apply ${node.kind}${slots === '' ? '' : ` (${slots})`}${on}`
}

function describeInsert(node: InsertNode): string {
  const into = `insert into ${node.ref.table.entry.name} (${node.targets.map(p => nameAt(node.ref, p)).join(', ')})`
  const conflicts = [node.conflict, ...node.more].filter(c => c.action !== 'error')
  return `${into}${conflicts.map(c => describeConflict(node.ref, c)).join('')}${returning(node.returning)}`
}

function describeConflict(ref: TableRef, c: ConflictNode): string {
  const key = c.index === -2 ? 'any key' : keyName(ref, c.index)
  const set = c.set.map(s => `${nameAt(ref, s.position)} = ${formatExpr(s.value)}`).join(', ')
  const where = c.where ? ` where ${formatExpr(c.where)}` : ''
  return ` on conflict with ${key} ${c.action}${set === '' ? '' : ` ${set}`}${where}`
}

function tableName(ref: TableRef): string {
  return ref.name === ref.table.entry.name ? ref.name : `${ref.table.entry.name} as ${ref.name}`
}

function keyName(ref: TableRef, index: number): string {
  return index === -1 ? 'primary key' : ref.table.entry.indexes[index]!.name
}

function keyColumns(ref: TableRef, index: number): string[] {
  const { entry } = ref.table
  const positions = index === -1 ? entry.primaryKey : rowExpressions(entry).keys[index]!
  const { computed } = rowExpressions(entry)
  return positions.map(p => entry.columns[p]?.name ?? formatExpr(computed[p - entry.columns.length]!))
}

function nameAt(ref: TableRef, position: number): string {
  return ref.table.entry.columns[position]!.name
}

function columns(node: ScanNode | ScanKeysNode | IndexJoinNode): string {
  return ` [${node.projection.map(position => nameAt(node.ref, position)).join(', ')}]`
}

function formatBound(bound: Bound): string {
  return formatExpr(bound.expr)
}

function list(exprs: readonly Expr[]): string {
  return exprs.map(formatExpr).join(', ')
}

function limits(limit: Expr | undefined, offset: Expr | undefined): string {
  return `${limit ? ` limit ${formatExpr(limit)}` : ''}${offset ? ` offset ${formatExpr(offset)}` : ''}`
}

function returning(exprs: readonly Expr[]): string {
  return exprs.length > 0 ? ` returning ${list(exprs)}` : ''
}
