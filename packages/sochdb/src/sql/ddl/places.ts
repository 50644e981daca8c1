/** Where in its text a change of the schema does not fit: at the name that the error is about. */
import { QueryError, ValidationError } from '../../errors/index.js'
import { foldName } from '../catalog/store.js'
import { lineAndColumn } from '../binder/places.js'
import { namesOf } from '../parser/index.js'
import type { Dialect } from '../parser/index.js'

/**
 * The error with line and column, in its message and its details. Of the names that its first sentence quotes the last is what is
 * wrong with the statement, or that of the table where there is no other: `Table "t" has no column "x".`
 */
export function placedDdl(error: unknown, text: string | undefined, dialect: Dialect): unknown {
  if (text === undefined || !isPlain(error)) return error
  const sentence = /^(?:"[^"]*"|[^"])*?(?=[.?](?: |$))/.exec(error.message)?.[0] ?? error.message
  if (/\(line \d+, column \d+\)$/.test(sentence)) return error
  const quoted = [...sentence.matchAll(/(\btable )?"([^"]*)"/gi)].reverse()
  const wanted = [...quoted.filter(match => !match[1]), ...quoted].map(match => foldName(match[2]!))
  const names = namesOf(text, dialect)
  const found = wanted.map(name => names.find(each => foldName(each.name) === name)).find(each => each !== undefined)
  const position = (found ?? names.find(({ isWord }) => !isWord))?.at
  if (position === undefined) return error
  const { line, column } = lineAndColumn(text, position)
  const message = `${sentence} (line ${line}, column ${column})${error.message.slice(sentence.length)}`
  const { column: columnName, ...details } = error.details
  const Class = error instanceof QueryError ? QueryError : ValidationError
  return new Class(message, {
    code: error.code,
    details: { ...details, ...(columnName === undefined ? {} : { columnName }), line, column, position },
    ...(error.remediation === undefined ? {} : { remediation: error.remediation }),
  })
}

/** Errors of subclasses are about rows, not about the text. */
function isPlain(error: unknown): error is QueryError | ValidationError {
  return error instanceof Error && (error.constructor === QueryError || error.constructor === ValidationError)
}
