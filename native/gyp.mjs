/** Runs node-gyp in a folder, against the headers beside this Node where they lie there: a build must not need a download. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * Prints what it did only when it fails; returns whether it did not. `options` are further arguments of node-gyp, `env` adds to
 * the environment: for another platform, its `--arch` and its compiler.
 */
export function nodeGyp(directory, commands, { options = [], env = {} } = {}) {
  const program = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  const prefix = dirname(dirname(process.execPath))
  const headers = existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : []
  const given = [...commands, '--silent', '--jobs=2', ...headers, ...options]
  const result = spawnSync(process.execPath, [program, ...given], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  if (result.status !== 0) console.error(`${result.stdout}\n${result.stderr}`)
  return result.status === 0
}
