/** Where a command reads and writes. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
}

export interface Terminal {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: Output
  readonly stderr: Output
  /** Ends a command that would run on, such as `generate --watch`. */
  readonly signal: AbortSignal
  /** Calls `onInterrupt` when the user interrupts, in place of what happens else, until the function that it returns is called. */
  readonly interrupts?: (onInterrupt: () => void) => () => void
}

/** Exit codes of every command. */
export const ExitCode = Object.freeze({
  OK: 0,
  /** The command did its work, and what it found is not well: an invalid schema, a stale client. */
  FOUND: 1,
  /** The command could not do its work: unknown arguments, a missing file, a missing package. */
  USAGE: 2,
})

export type Style = (text: string) => string

export interface Palette {
  readonly red: Style
  readonly yellow: Style
  readonly green: Style
  readonly cyan: Style
  readonly dim: Style
  readonly bold: Style
}

/** Colours on a terminal, plain text elsewhere. `NO_COLOR` and `FORCE_COLOR` are obeyed. */
export function palette(output: Output, env: Terminal['env']): Palette {
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '' && env['FORCE_COLOR'] !== '0'
  const coloured = forced || (output.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb')
  const style = (open: number, close: number): Style => {
    return coloured ? text => `\u001B[${open}m${text}\u001B[${close}m` : text => text
  }
  return {
    red: style(31, 39),
    yellow: style(33, 39),
    green: style(32, 39),
    cyan: style(36, 39),
    dim: style(2, 22),
    bold: style(1, 22),
  }
}
