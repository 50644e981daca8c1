/** What every command prints in the same way. */
import { ExitCode, palette, type Terminal } from './terminal.js'

export function printJson(terminal: Terminal, value: unknown, oneLine = false): void {
  terminal.stdout.write(`${JSON.stringify(value, null, oneLine ? 0 : 2)}\n`)
}

export function print(terminal: Terminal, text: string): number {
  terminal.stdout.write(text)
  return ExitCode.OK
}

export function fail(
  terminal: Terminal,
  json: boolean,
  code: string,
  message: string,
  hint?: string,
  more?: string,
  details?: object,
): number {
  if (json) {
    printJson(
      terminal,
      { ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }), ...(details && { details }) } },
      true,
    )
    return ExitCode.USAGE
  }
  const { red } = palette(terminal.stderr, terminal.env)
  terminal.stderr.write(`${red('error')} ${message}${hint === undefined ? '' : ` ${hint}`}\n`)
  if (more !== undefined) terminal.stderr.write(`\n${more}`)
  return ExitCode.USAGE
}

export const missingGenerator = 'This command needs @sochdb/generator, which is not installed here.'
export const installGenerator = 'Install it: npm install --save-dev @sochdb/generator'
