/** The workspace's packages, as they are released. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

const readJson = path => JSON.parse(readFileSync(path, 'utf8'))

/** Folders with a package that is not private, dependencies first: `{ directory, manifest }`. */
export function publicPackages() {
  const folders = readdirSync(join(root, 'packages')).map(name => join('packages', name))
  const found = ['native', 'schema', 'generator', ...folders]
    .map(folder => join(root, folder))
    .filter(directory => existsSync(join(directory, 'package.json')))
    .map(directory => ({ directory, manifest: readJson(join(directory, 'package.json')) }))
    .filter(({ manifest }) => manifest.private !== true)
  const versions = new Set(found.map(({ manifest }) => manifest.version))
  if (versions.size !== 1) throw new Error(`All packages have one version; found are ${[...versions].join(', ')}.`)
  return found
}

/** Runs a program; throws with all it printed where it fails. Returns what it wrote to standard output. */
export function run(program, options, settings = {}) {
  const result = spawnSync(program, options, { encoding: 'utf8', maxBuffer: 1 << 28, ...settings })
  if (result.status === 0) return result.stdout
  const problem = result.error?.message ?? `it exited with ${result.status ?? result.signal}`
  throw new Error(`${program} ${options.join(' ')}: ${problem}\n${result.stdout ?? ''}\n${result.stderr ?? ''}`)
}

/** pnpm: the one that runs this script, or the one of the README. */
export function pnpm(options, settings) {
  const running = process.env.npm_execpath ?? ''
  if (/pnpm/.test(running)) return run(process.execPath, [running, ...options], settings)
  return run('npx', ['-y', 'pnpm@10', ...options], settings)
}

/** A packed package: what it holds, and its manifest. */
export function readTarball(file) {
  const files = run('tar', ['-tzf', file]).trim().split('\n')
  const manifest = JSON.parse(run('tar', ['-xzOf', file, 'package/package.json']))
  return { name: manifest.name, version: manifest.version, manifest, file, files }
}
