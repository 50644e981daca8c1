/** The values of a statement's parameters: by position, or by name. */
import { describe } from '../../bytes/bytes.js'
import { invalid, queryError } from '../problem.js'
import type { Parsed } from '../parser/index.js'

/** By position for `?`, `?1` and `$1`; by name for `:name`, `@name` and `$name`. */
export type SqlParameters = readonly unknown[] | Readonly<Record<string, unknown>>

const NO_VALUES: readonly unknown[] = Object.freeze([])

/**
 * The values in the order of the parameters.
 *
 * @throws ValidationError for what is neither a list nor an object of names
 * @throws QueryError when a name has no value, or a value no parameter
 */
export function valuesOf(parsed: Parsed, params: SqlParameters | undefined): readonly unknown[] {
  if (params === undefined) return NO_VALUES
  if (Array.isArray(params)) return params as readonly unknown[]
  if (typeof params !== 'object' || params === null || ArrayBuffer.isView(params)) {
    throw invalid(`Parameters are an array, or an object of names; this is ${describe(params)}.`)
  }
  return byName(parsed, params as Readonly<Record<string, unknown>>)
}

function byName(parsed: Parsed, params: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { parameterNames } = parsed
  const values = parameterNames.map((name, index) => {
    if (name !== undefined && Object.hasOwn(params, name)) return params[name]
    const what = name === undefined ? `Parameter ${index + 1} has no name` : `Parameter "${name}" has no value`
    throw queryError(`${what}.`, name === undefined ? 'Pass the values as an array.' : `Pass { ${name}: … }.`)
  })
  for (const name of Object.keys(params)) {
    if (parameterNames.includes(name)) continue
    const known = parameterNames.filter(n => n !== undefined)
    throw queryError(
      `The statement has no parameter "${name}".${known.length === 0 ? ' Its parameters have no names.' : ` It has: ${known.join(', ')}.`}`,
      undefined,
      { parameter: name },
    )
  }
  return values
}
