/**
 * Collations: which texts are equal, and in which order they come. The executor knows one, of bytes; for another the binder has
 * what is compared folded first, to texts whose bytes compare as the collation says.
 *
 * A COLLATE in the expression decides, else the first operand that is a column, as in SQLite. The value itself stays as it is.
 */
import { quoteName } from '../ast/quote.js'
import type { ColumnEntry, IndexKeyColumn } from '../catalog/entries.js'
import { queryError } from '../problem.js'
import { constant } from './expr.js'
import type { Expr } from './expr.js'
import { bindFunction } from './functions/arguments.js'

export type Collation = 'binary' | 'nocase' | 'rtrim'

const NAMES: Readonly<Record<string, Collation>> = {
  binary: 'binary',
  c: 'binary',
  posix: 'binary',
  nocase: 'nocase',
  rtrim: 'rtrim',
}

/** `undefined`: there is no such collation. */
export function collationOfName(name: string): Collation | undefined {
  const folded = name.toLowerCase()
  return Object.hasOwn(NAMES, folded) ? NAMES[folded] : undefined
}

/** The operand of a COLLATE. */
export function withCollation(expr: Expr, name: string): Expr {
  const collation = collationOfName(name)
  if (!collation) throw queryError(`There is no collation "${name}".`, 'There are BINARY, NOCASE and RTRIM.')
  return { ...expr, collation, collates: true }
}

/** What a column of a table or a query adds to its expression. */
export function ownCollation(column: Pick<ColumnEntry, 'collation'>): { readonly collation?: Collation } {
  const collation = column.collation === undefined ? undefined : collationOfName(column.collation)
  return collation === undefined || collation === 'binary' ? {} : { collation }
}

/** How an index keeps a column that it compares so. */
export function collatedKey(column: string, collation: Collation): string {
  return `${quoteName(column)} collate ${collation}`
}

/** Whether an index has keys that compare by a column as the column itself does. */
export function isKeyOf(column: ColumnEntry, position: number, key: IndexKeyColumn): boolean {
  const { collation } = ownCollation(column)
  if (collation === undefined) return key.expression === undefined && key.column === position
  const plain = (text: string | undefined) => text?.replaceAll('"', '').toLowerCase()
  return plain(key.expression) === plain(collatedKey(column.name, collation))
}

/** How operands beside one another are compared. */
export function collationOf(...operands: readonly Expr[]): Collation {
  const said = operands.find(expr => expr.collates === true) ?? operands.find(isColumn)
  return said?.collation ?? 'binary'
}

/** A column of any collation comes before the other operand's. */
const isColumn = (expr: Expr): boolean => expr.collation !== undefined || expr.op === 'column' || expr.op === 'slot'

/** The text whose bytes compare as the collation says; anything else as it is. */
export function folded(collation: Collation, expr: Expr): Expr {
  const isText = expr.type === 'text' || (expr.op === 'param' && expr.type === 'any')
  if (collation === 'binary' || !isText) return expr
  if (expr.op === 'const' && typeof expr.value === 'string') return constant('text', foldText(collation, expr.value))
  if (collation === 'nocase') return bindFunction('nocase', [expr], 'COLLATE NOCASE')
  return bindFunction('rtrim', [expr, constant('text', ' ')], 'COLLATE RTRIM')
}

function foldText(collation: Collation, text: string): string {
  return collation === 'nocase' ? text.replace(/[A-Z]+/g, part => part.toLowerCase()) : text.replace(/ +$/, '')
}

/** The expression as its own collation compares it. */
export function comparedAs(expr: Expr): Expr {
  return folded(collationOf(expr), expr)
}
