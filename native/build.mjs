/**
 * Builds the addon, only when something it is built from has changed (a hash of its sources and the platform; Node-API is the same in every Node).
 *
 * node native/build.mjs [--libs]     for this platform (the engine is one library, and the only thing that is compiled)
 * node native/build.mjs --all        for every platform that the compilers here can build for, and says why not for the others
 * node native/build.mjs --clean      removes all that building and the engine's tests have made
 * node native/build.mjs --force      builds although nothing has changed
 */
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildFor, reasonAgainst } from './cross.mjs'
import { nodeGyp } from './gyp.mjs'
import { platforms, platformsHere } from './platforms.cjs'
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
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  hash.update(`${process.platform} ${process.arch} ${version} ${process.env.SOCHDB_STATIC_RUNTIME ?? ''}\n`)
  for (const path of zstdSources()) hash.update(`${path}\n`).update(readFileSync(join(root, path)))
  for (const path of sources(root)) hash.update(`${relative(root, path)}\n`).update(readFileSync(path))
  return hash.digest('hex')
}

/** The addon of this platform; ends the process where it does not build. */
function build(force) {
  const wanted = fingerprint()
  const current = existsSync(stamp) && existsSync(addon) ? readFileSync(stamp, 'utf8') : ''
  if (current === wanted && !force) return
  const started = Date.now()
  console.log('Building the engine (about a minute the first time) …')
  // make compiles what has changed; configuring again finds new files.
  if (!nodeGyp(root, force ? ['rebuild'] : ['configure', 'build'])) {
    console.error(
      'The engine did not build. It needs python3, make and a C++20 compiler (g++ 11 or clang 14, or newer).',
    )
    process.exit(1)
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
  console.log(`Built the engine in ${((Date.now() - started) / 1000).toFixed(0)} s.`)
}

/** Puts the addons of all platforms into build/platforms/NAME, from where they are packed. */
function buildAll(force) {
  let failed = false
  for (const name of Object.keys(platforms)) {
    const reason = platformsHere().includes(name) ? undefined : reasonAgainst(name)
    if (reason !== undefined) {
      console.log(`${name.padEnd(16)} not built: ${reason}`)
      continue
    }
    let file = addon
    if (platformsHere().includes(name)) build(force)
    else file = buildFor(name)
    failed ||= file === undefined
    if (file !== undefined) {
      const folder = join(root, 'build', 'platforms', name)
      mkdirSync(folder, { recursive: true })
      copyFileSync(file, join(folder, 'sochdb.node'))
    }
    console.log(`${name.padEnd(16)} ${file === undefined ? 'FAILED' : 'built'}`)
  }
  if (failed) process.exitCode = 1
}

const flags = process.argv.slice(2)
const unknown = flags.find(flag => !['--libs', '--all', '--clean', '--force'].includes(flag))
if (unknown !== undefined) {
  console.error(`There is no option ${unknown}. Usage: node native/build.mjs [--libs | --all | --clean] [--force]`)
  process.exit(2)
}
if (flags.includes('--clean')) rmSync(join(root, 'build'), { recursive: true, force: true })
if (flags.includes('--all')) buildAll(flags.includes('--force'))
else if (!flags.includes('--clean') || flags.includes('--libs')) build(flags.includes('--force'))
