/**
 * Builds the addon, only when something it is built from has changed (a hash of sources, flags, Node's major version and platform).
 *
 * node native/build.mjs [--force]
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

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
  hash.update(`${process.platform} ${process.arch} napi ${process.versions.napi}\n`)
  for (const path of sources(root)) hash.update(`${relative(root, path)}\n`).update(readFileSync(path))
  return hash.digest('hex')
}

/** Node's own headers, where they lie beside the executable: a build must not need a download. */
function nodeDirectory() {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : []
}

const wanted = fingerprint()
const current = existsSync(stamp) && existsSync(addon) ? readFileSync(stamp, 'utf8') : ''
const force = process.argv.includes('--force')
if (current !== wanted || force) {
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  const started = Date.now()
  console.log('Building the engine (about a minute the first time) …')
  // make compiles what has changed; configuring again finds new files.
  const commands = force ? ['rebuild'] : ['configure', 'build']
  const result = spawnSync(process.execPath, [nodeGyp, ...commands, '--silent', '--jobs=2', ...nodeDirectory()], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (result.status !== 0) {
    console.error(`${result.stdout}\n${result.stderr}`)
    console.error(
      'The engine did not build. It needs python3, make and a C++20 compiler (g++ 11 or clang 14, or newer).',
    )
    process.exit(1)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
  console.log(`Built the engine in ${((Date.now() - started) / 1000).toFixed(0)} s.`)
}
