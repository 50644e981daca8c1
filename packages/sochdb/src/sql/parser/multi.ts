/** MySQL's UPDATE and DELETE over several tables, as one table to write and others to look at. */
import type { Expression } from '../ast/expressions.js'
import type { TableExpression, TableName } from '../ast/nodes.js'
import type { Cursor } from './cursor.js'

export interface MergedTables {
  readonly target: TableName
  /** The other tables, side by side. */
  readonly rest: TableExpression | undefined
  /** What joined them. */
  readonly condition: Expression | undefined
}

/** The table that UPDATE's assignments name, out of those in front of SET. */
export function targetOfMany(c: Cursor, tables: TableExpression, named: ReadonlySet<string>, at: number): MergedTables {
  if (tables.kind === 'table') {
    const own = (tables.alias ?? tables.name).toLowerCase()
    for (const name of named) {
      if (name !== own && name !== tables.name.toLowerCase()) {
        c.refuse(`SET of "${name}", which is not the table of this UPDATE,`, undefined, at)
      }
    }
    return { target: checked(c, tables, at), rest: undefined, condition: undefined }
  }
  if (named.size > 1) c.refuse('UPDATE of several tables', 'Write one UPDATE for each, in one transaction.', at)
  return mergeTables(c, tables, named, at)
}

/** `wanted`: the name of the target in lower case; none: the first table. */
export function mergeTables(c: Cursor, tables: TableExpression, wanted: ReadonlySet<string>, at: number): MergedTables {
  const leaves: TableExpression[] = []
  const conditions: Expression[] = []
  // Along the left edge: joins grow there.
  let node = tables
  while (node.kind === 'join') {
    if ((node.join !== 'inner' && node.join !== 'cross') || node.using || node.natural) {
      const how = node.using ? 'USING' : node.natural ? 'NATURAL JOIN' : `${node.join.toUpperCase()} JOIN`
      c.refuse(`A ${how} among the tables to be written`, 'Put the others into a subquery of WHERE.', at)
    }
    if (node.on) conditions.unshift(node.on)
    leaves.unshift(node.right)
    node = node.left
  }
  leaves.unshift(node)
  const index = leaves.findIndex(leaf => {
    if (leaf.kind !== 'table') return false
    return wanted.size === 0 || wanted.has((leaf.alias ?? leaf.name).toLowerCase())
  })
  const target = leaves[index]
  if (target?.kind !== 'table')
    c.refuse(`Writing to "${[...wanted][0] ?? ''}", which is none of these tables,`, undefined, at)
  leaves.splice(index, 1)
  const rest =
    leaves.length > 0
      ? leaves.reduce((left, right) => ({ kind: 'join', join: 'cross', left, right, on: undefined }))
      : undefined
  const condition = conditions.length > 1 ? ({ kind: 'and', operands: conditions, at } as const) : conditions[0]
  return { target: checked(c, target, at), rest, condition }
}

function checked(c: Cursor, table: TableName, at: number): TableName {
  const schema = table.schema?.toLowerCase()
  if (schema !== undefined && schema !== 'main' && schema !== 'public') {
    c.refuse(`The schema "${table.schema!}"`, 'Write the table without a schema: there is one per namespace.', at)
  }
  if (table.columns) c.refuse('A list of columns behind the table to be written', undefined, at)
  return table
}
