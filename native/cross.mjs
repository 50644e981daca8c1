/** Builds the addon for a platform that is not this one, where a compiler for it is installed. */
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeGyp } from './gyp.mjs'
import { platforms } from './platforms.cjs'

const root = dirname(fileURLToPath(import.meta.url))

/** What Debian and others call their cross compilers; Apple's compiler serves both of its processors. */
const gnuNames = { arm64: 'aarch64-linux-gnu', x64: 'x86_64-linux-gnu' }

/** Why the addon of platform `name` cannot be built on this machine, or undefined where it can. */
export function reasonAgainst(name) {
  const { os, cpu } = platforms[name]
  if (os !== process.platform) return `it takes ${os === 'darwin' ? 'macOS' : 'Linux'}`
  if (os === 'darwin') return undefined
  const compiler = `${gnuNames[cpu]}-g++`
  const found = spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0
  return found ? undefined : `${compiler} is not installed`
}

/** Builds in a copy of the sources, of which make compiles what has changed. Returns the addon, or undefined where it failed. */
export function buildFor(name) {
  const { os, cpu } = platforms[name]
  const copy = join(root, 'build', 'cross', name)
  for (const entry of readdirSync(root)) {
    if (['build', 'node_modules', 'test'].includes(entry)) continue
    cpSync(join(root, entry), join(copy, entry), { recursive: true, preserveTimestamps: true })
  }
  const gnu = gnuNames[cpu]
  const compilers = os === 'linux' ? { CC: `${gnu}-gcc`, CXX: `${gnu}-g++`, AR: `${gnu}-ar` } : {}
  const options = [`--arch=${cpu}`]
  if (!nodeGyp(realpathSync(copy), ['configure', 'build'], { options, env: compilers })) return undefined
  return join(copy, 'build', 'Release', 'sochdb.node')
}
