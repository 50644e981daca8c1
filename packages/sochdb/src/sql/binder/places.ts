/** Where in a statement's text the binder's errors belong: they are noted on the way out, and named where the text is known. */
import { QueryError } from '../../errors/index.js'
import { queryError } from '../problem.js'

/** Offsets of the innermost nodes; `undefined` for what stands in no text at hand. */
const places = new WeakMap<object, number | undefined>()

/** Notes where the error comes from, unless something further inside has. */
export function notePlace(error: unknown, at: number | undefined): void {
  if (at !== undefined && error instanceof QueryError && !places.has(error)) places.set(error, at)
}

/** The same for an error from another text, that of a view: it belongs where that is named. */
export function movePlace(error: unknown, at: number | undefined): void {
  if (error instanceof QueryError) places.set(error, at)
}

export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
    ++line
    start = end + 1
  }
  return { line, column: offset - start + 1 }
}

/** The error with line and column, in its message and its details; itself where they are not known. */
export function placed(error: unknown, text: string | undefined): unknown {
  // The stack of the thread has ended: views over views, common tables over common tables.
  if (error instanceof RangeError)
    return queryError('The statement nests too deep.', 'Split it into several statements.')
  if (text === undefined || !(error instanceof QueryError)) return error
  const position = places.get(error)
  if (position === undefined || position > text.length) return error
  const { line, column } = lineAndColumn(text, position)
  const where = ` (line ${line}, column ${column})`
  // At the end of the first sentence; points in names do not end one.
  const message = error.message.replace(/^((?:"[^"]*"|[^"])*?)([.?])(?= |$)/, `$1${where}$2`)
  return new QueryError(message, {
    code: error.code,
    details: { ...error.details, line, column, position },
    ...(error.remediation === undefined ? {} : { remediation: error.remediation }),
  })
}
