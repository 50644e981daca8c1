/** How results read on a terminal. */
import { relative } from 'node:path'
import type { Problem } from './generator-module.js'
import type { Palette } from './terminal.js'

/**
 * A problem, its place first, in the form editors can jump to:
 *
 *     sochdb.schema.ts:12:21 error "org.id" names the table "org", and there is none of that key. Did you mean "orgs"?
 *       tables.users.orgId.references() (reference_unknown_table)
 *       …the lines around it…
 */
export function formatProblem(problem: Problem, cwd: string, colours: Palette): string {
  const { severity, message, hint, code, path, location } = problem
  const paint = severity === 'error' ? colours.red : colours.yellow
  const place = location === undefined ? '' : `${shownPath(location.file, cwd)}:${location.line}:${location.column} `
  const head = `${colours.cyan(place)}${paint(severity)} ${message}${hint === undefined ? '' : ` ${hint}`}\n`
  const what = colours.dim(`  ${path === undefined ? code : `${path} (${code})`}`)
  if (severity === 'warning' || location === undefined) return `${head}${what}\n`
  const frame = location.frame
    .split('\n')
    .map(line => `  ${line.startsWith('>') ? line : colours.dim(line)}\n`)
    .join('')
  return `${head}${what}\n${frame}`
}

export function formatProblems(problems: readonly Problem[], cwd: string, colours: Palette): string {
  return problems.map(problem => formatProblem(problem, cwd, colours)).join('')
}

/** The diff with additions and removals coloured. */
export function colourDiff(diff: string, colours: Palette): string {
  return diff
    .split('\n')
    .map(line => {
      if (line.startsWith('+++') || line.startsWith('---')) return colours.bold(line)
      if (line.startsWith('+')) return colours.green(line)
      if (line.startsWith('-')) return colours.red(line)
      return line.startsWith('@@') ? colours.cyan(line) : line
    })
    .join('\n')
}

/** Relative where that is shorter. */
export function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short !== '' && short.length < path.length ? short : path
}

export function files(count: number): string {
  return count === 1 ? '1 file' : `${count} files`
}
