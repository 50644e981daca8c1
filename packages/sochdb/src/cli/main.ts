/** Entry of `bin/sochdb.js`: connects the command line to the process. */
import { run } from './run.js'

const argv = process.argv.slice(2)
const controller = new AbortController()
// Watching ends in order; every other command ends as processes do, where it does not say otherwise.
if (argv.includes('--watch')) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
}

process.exitCode = await run(argv, {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
  interrupts: onInterrupt => {
    const signals = ['SIGINT', 'SIGTERM'] as const
    for (const signal of signals) process.on(signal, onInterrupt)
    return () => {
      for (const signal of signals) process.off(signal, onInterrupt)
    }
  },
})
