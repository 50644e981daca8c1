/**
 * Builds the addon, only when something it is built from has changed (a hash of its sources and the platform; Node-API is the same in every Node).
 *
 * node native/build.mjs [--force]
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeGyp } from './gyp.mjs'
import { zstdSources } from './zstd.mjs'

const root = dirname(fileURLToPath(import.meta.url))
const addon = join(root, 'build', 'Release', 'sochdb.node')
const stamp = join(root, 'build', 'sources.sha256')

/** Everything the compiler reads, in a fixed order; tests are not part of the addon. */
function sources(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return ['build', 'node_modules', 'test'].includes(entry.name) ? [] : sources(path)
      return /\.(cc|h|gyp|gypi)$/.test(entry.name) ? [path] : []
    })
}

function fingerprint() {
  const hash = createHash('sha256')
  hash.update(`${process.platform} ${process.arch}\n`)
  for (const path of zstdSources()) hash.update(`${path}\n`).update(readFileSync(join(root, path)))
  for (const path of sources(root)) hash.update(`${relative(root, path)}\n`).update(readFileSync(path))
  return hash.digest('hex')
}

const wanted = fingerprint()
const current = existsSync(stamp) && existsSync(addon) ? readFileSync(stamp, 'utf8') : ''
const force = process.argv.includes('--force')
if (current !== wanted || force) {
  const started = Date.now()
  console.log('Building the engine (about a minute the first time) …')
  // make compiles what has changed; configuring again finds new files.
  const commands = force ? ['rebuild'] : ['configure', 'build']
  if (!nodeGyp(root, ...commands)) {
    console.error(
      'The engine did not build. It needs python3, make and a C++20 compiler (g++ 11 or clang 14, or newer).',
    )
    process.exit(1)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
  console.log(`Built the engine in ${((Date.now() - started) / 1000).toFixed(0)} s.`)
}
