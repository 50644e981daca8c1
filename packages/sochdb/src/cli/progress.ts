/** What a migration says while it works, and how it is interrupted. */
import type { Interruptible, MigrateProgress } from '../migrate/options.js'
import type { Call } from './call.js'

/** The user has interrupted the command, and it has undone what it had begun. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  constructor() {
    super('Interrupted. The migration has not happened; what was built for it is gone.')
  }
}

/** While something is built ahead of a migration. At all other times an interrupt ends the process, and the store is as it was. */
export function interruptible({ terminal }: Call): Interruptible {
  return async work => {
    const controller = new AbortController()
    const stop = terminal.interrupts?.(() => controller.abort(new Interrupted()))
    try {
      return await work(controller.signal)
    } finally {
      stop?.()
    }
  }
}

/** On a terminal: one line that changes; elsewhere a line for each tenth of what takes long. */
export function progress({ parsed, terminal }: Call): ((progress: MigrateProgress) => void) | undefined {
  const { stderr } = terminal
  if (parsed.json) return undefined
  if (stderr.isTTY !== true) return tenths(text => void stderr.write(`${text}\n`))
  return ({ migration, says, done, total, rows }) => {
    stderr.write(
      `\r\u001B[K${migration} ${String(done)}/${String(total)} ${says}${rows === undefined ? '' : `: ${amount(rows)}`}`,
    )
    if (done === total) stderr.write('\r\u001B[K')
  }
}

function tenths(print: (text: string) => void): (progress: MigrateProgress) => void {
  let last = ''
  return ({ migration, says, rows }) => {
    if (rows?.total === undefined) return
    const percent = Math.floor((rows.done * 10) / Math.max(rows.total, 1)) * 10
    const text = `${migration}: ${says}: ${String(percent)} %`
    if (text !== last) print(text)
    last = text
  }
}

const amount = ({ done, total }: NonNullable<MigrateProgress['rows']>): string =>
  total === undefined ? String(done) : `${String(done)}/${String(total)}`
