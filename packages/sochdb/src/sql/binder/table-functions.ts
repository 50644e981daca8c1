/** Functions in FROM. */
import type { TableExpression } from '../ast/nodes.js'
import { didYouMean, queryError } from '../problem.js'
import type { SqlType } from '../types.js'
import type { Relation } from './bound.js'
import type { BindContext } from './context.js'
import { ExpressionBinder } from './expressions.js'
import { bindArgument, expectCount } from './functions/arguments.js'
import type { Scope } from './scope.js'

export type TableFunctionCall = Extract<TableExpression, { kind: 'function' }>

interface TableFunctionSpec {
  /** Stands in plans: native/exec/table_function.h lists them. */
  readonly number: number
  /** Letters of the arguments, as in signatures of scalar functions. */
  readonly required: string
  readonly optional: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly nullable: boolean }[]
}

const column = (name: string, type: SqlType, nullable: boolean) => ({ name, type, nullable })

const JSON_COLUMNS = [
  column('key', 'any', true),
  column('value', 'any', true),
  column('type', 'text', false),
  column('atom', 'any', true),
  column('id', 'integer', false),
  column('parent', 'integer', true),
  column('fullkey', 'text', false),
  column('path', 'text', false),
]

const TABLE_FUNCTIONS: Readonly<Record<string, TableFunctionSpec>> = {
  generate_series: {
    number: 1,
    required: 'II',
    optional: 'I',
    columns: [column('value', 'integer', false)],
  },
  json_each: { number: 2, required: 'J', optional: 'T', columns: JSON_COLUMNS },
  unnest: { number: 5, required: 'J', optional: '', columns: [column('unnest', 'any', true)] },
  json_tree: { number: 3, required: 'J', optional: 'T', columns: JSON_COLUMNS },
}

/** The rows of a function. `scope` is where its arguments stand: what they take from tables to the left are slots there. */
export function bindTableFunction(
  context: BindContext,
  scope: Scope,
  t: TableFunctionCall,
): Extract<Relation, { op: 'function' }> {
  const name = t.name.toLowerCase()
  const spec = Object.hasOwn(TABLE_FUNCTIONS, name) ? TABLE_FUNCTIONS[name]! : undefined
  if (!spec) {
    const hint = didYouMean(name, Object.keys(TABLE_FUNCTIONS))
    throw queryError(`There is no table function "${t.name}".${hint}`, undefined, { function: t.name })
  }
  const letters = spec.required + spec.optional
  expectCount(name, t.arguments, spec.required.length, letters.length)
  const binder = new ExpressionBinder(context, scope, 'the arguments of a table function')
  const args = t.arguments.map((argument, i) => bindArgument(binder.bind(argument), letters[i]!, `${name}()`))
  const columns = context.newColumns(columnsOf(context, spec, t))
  return { op: 'function', fn: spec.number, name, args, columns }
}

/** PostgreSQL names a lone column as the function is called in the statement. */
function columnsOf(context: BindContext, spec: TableFunctionSpec, t: TableFunctionCall): TableFunctionSpec['columns'] {
  const [first] = spec.columns
  if (context.dialect !== 'postgres' || spec.columns.length > 1) return spec.columns
  return [{ ...first!, name: t.alias ?? t.name }]
}
