import type { SourceText } from './source-text.js'

/** A place in a file; line and column count from 1. */
export interface Location {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The lines around it, with a caret under the column. */
  readonly frame: string
}

/** Something wrong with a schema file, for people and programs. A `warning` does not stop generation. */
export interface Problem {
  readonly code: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
  /** Where in the schema, when it could be read: `tables.users.orgId`. */
  readonly path?: string
  readonly location?: Location
}

/** The project itself is not as a command needs it: no schema file, a configuration that makes no sense, a directory that is not ours. */
export class ProjectError extends Error {
  override readonly name = 'ProjectError'
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

export function problem(
  code: string,
  message: string,
  detail: { readonly location?: Location | undefined; readonly hint?: string | undefined } = {},
): Problem {
  const { location, hint } = detail
  return {
    code,
    severity: 'error',
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(location === undefined ? {} : { location }),
  }
}

/** The location of an offset, or of a line and column counted from 1. */
export function locate(source: SourceText, at: number | { readonly line: number; readonly column: number }): Location {
  const { line, column } = typeof at === 'number' ? source.position(at) : at
  return { file: source.file, line, column, frame: codeFrame(source, line, column) }
}

const frameLines = 2
const lineLengthMax = 160

/**
 * The line in question with two before and after:
 *
 *     11 |   id: col.uuid().primaryKey(),
 *   > 12 |   orgId: col.uuid().references('org.id'),
 *        |                     ^
 */
function codeFrame(source: SourceText, line: number, column: number): string {
  const first = Math.max(1, line - frameLines)
  const last = Math.min(source.lines.length, line + frameLines)
  const width = String(last).length
  const out: string[] = []
  for (let number = first; number <= last; number++) {
    const text = source.lines[number - 1]!.slice(0, lineLengthMax)
    out.push(`${number === line ? '>' : ' '} ${String(number).padStart(width)} | ${text}`.trimEnd())
    if (number !== line || column > lineLengthMax) continue
    const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ')
    out.push(`  ${' '.repeat(width)} | ${indent}^`)
  }
  return out.join('\n')
}
