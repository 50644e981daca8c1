/** Plans of set operations, recursion, subqueries and table functions: the columns they yield, their words, how they read. */
import { call, constant } from '../../src/sql/binder/expr.js'
import type { ColumnExpr, ColumnId, Expr, SlotExpr } from '../../src/sql/binder/expr.js'
import { exprKey, formatExpr, isNullable, isRowless, mapOperands, operands } from '../../src/sql/binder/expr.js'
import { encodePlan } from '../../src/sql/plan/encode.js'
import { explainPlan } from '../../src/sql/plan/explain.js'
import { ApplyKind, ExprOp, HEADER_WORDS, JoinKind, PlanOp, SetOpKind } from '../../src/sql/plan/format.js'
import { columnsOfNode } from '../../src/sql/plan/nodes.js'
import type { ApplyNode, LoopJoinNode, PlanNode, ValuesNode } from '../../src/sql/plan/nodes.js'
import { TYPE_NUMBERS } from '../../src/sql/types.js'

const column = (id: ColumnId): ColumnExpr => ({ op: 'column', type: 'integer', id, nullable: true, label: `c${id}` })
const slot = (number: number): SlotExpr => ({ op: 'slot', type: 'integer', slot: number, nullable: false })
const values = (...ids: ColumnId[]): ValuesNode => ({
  op: 'values',
  rows: [ids.map(id => constant('integer', BigInt(id)))],
  ids,
})
const equal = (a: Expr, b: Expr) => call('equal', 'boolean', a, b)

/** The words of the root node, from its operator on. */
function rootWords(node: PlanNode, count: number): number[] {
  const { words } = encodePlan(node, { parameterCount: 0, namespaceId: 1, catalogTimestamp: 0n })
  expect(words[3]).toBe(HEADER_WORDS)
  return Array.from(words.subarray(HEADER_WORDS, HEADER_WORDS + count))
}

const offset: unknown = expect.any(Number)

test('a slot looks at no row, and is what it is', () => {
  expect(isRowless(slot(3))).toBe(true)
  expect(isNullable(slot(3))).toBe(false)
  expect(operands(slot(3))).toEqual([])
  expect(mapOperands(slot(3), () => column(1))).toEqual(slot(3))
  expect(exprKey(slot(3))).not.toBe(exprKey(slot(4)))
  expect(formatExpr(equal(column(1), slot(3)))).toBe('c1 = @3')
})

test('joins that yield one side have predicates over both', () => {
  const join: LoopJoinNode = {
    op: 'loopJoin',
    left: values(1, 2),
    right: values(3),
    kind: 'anti',
    predicate: equal(column(2), column(3)),
  }
  expect(columnsOfNode(join)).toEqual([1, 2])
  expect(columnsOfNode({ ...join, kind: 'full' })).toEqual([1, 2, 3])
  expect(rootWords(join, 5)).toEqual([PlanOp.loopJoin, offset, offset, JoinKind.anti, offset])
  expect(explainPlan(join)).toBe('anti loop join on c2 = c3\n  values 1 row\n  values 1 row')
})

test('an apply sets slots from its outer row', () => {
  const inner: PlanNode = { op: 'filter', input: values(3), predicate: equal(column(3), slot(7)) }
  const apply: ApplyNode = {
    op: 'apply',
    outer: values(1, 2),
    inner,
    kind: 'scalar',
    slots: [{ slot: 7, expr: column(2) }],
    id: 9,
  }
  expect(columnsOfNode(apply)).toEqual([1, 2, 9])
  expect(rootWords(apply, 8)).toEqual([PlanOp.apply, offset, offset, ApplyKind.scalar, 1, 7, offset, -1])
  expect(explainPlan(apply)).toBe('apply scalar (@7 = c2)\n  values 1 row\n  filter c3 = @7\n    values 1 row')

  const lateral: ApplyNode = { ...apply, kind: 'left', id: undefined, predicate: equal(column(1), column(3)) }
  expect(columnsOfNode(lateral)).toEqual([1, 2, 3])
  expect(explainPlan(lateral).split('\n')[0]).toBe('apply left (@7 = c2) on c1 = c3')
})

test('a slot is its number in the words', () => {
  const { words } = encodePlan(
    { op: 'project', input: values(1), exprs: [slot(7)], ids: [2] },
    { parameterCount: 0, namespaceId: 1, catalogTimestamp: 0n },
  )
  const at = words[HEADER_WORDS + 3]!
  expect(Array.from(words.subarray(at, at + 3))).toEqual([ExprOp.slot, TYPE_NUMBERS.integer, 7])
})

test('set operations and recursions have ids of their own', () => {
  const union: PlanNode = { op: 'unionAll', inputs: [values(1), values(2), values(3)], ids: [4] }
  expect(columnsOfNode(union)).toEqual([4])
  expect(rootWords(union, 5)).toEqual([PlanOp.unionAll, 3, offset, offset, offset])

  const except: PlanNode = { op: 'setOp', left: values(1), right: values(2), kind: 'except', all: true, ids: [3] }
  expect(rootWords(except, 5)).toEqual([PlanOp.setOp, offset, offset, SetOpKind.except, 1])
  expect(explainPlan(except).split('\n')[0]).toBe('except all')

  const working: PlanNode = { op: 'workingTable', table: 5, ids: [2], types: ['integer'] }
  const recursive: PlanNode = {
    op: 'recursive',
    anchor: values(1),
    step: working,
    distinct: true,
    table: 5,
    ids: [3],
  }
  expect(columnsOfNode(recursive)).toEqual([3])
  expect(rootWords(recursive, 5)).toEqual([PlanOp.recursive, offset, offset, 1, 5])
  expect(rootWords(working, 4)).toEqual([PlanOp.workingTable, 5, 1, TYPE_NUMBERS.integer])
  expect(explainPlan(recursive)).toBe('recursive #5 distinct\n  values 1 row\n  rows of #5')
})

test('a table function names its columns', () => {
  const series: PlanNode = {
    op: 'tableFunction',
    fn: 1,
    args: [constant('integer', 1n), slot(0)],
    ids: [8],
    types: ['integer'],
  }
  expect(columnsOfNode(series)).toEqual([8])
  expect(rootWords(series, 7)).toEqual([PlanOp.tableFunction, 1, 2, offset, offset, 1, TYPE_NUMBERS.integer])
  expect(explainPlan(series)).toBe('table function 1(1, @0)')
})
