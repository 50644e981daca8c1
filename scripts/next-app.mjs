/**
 * Puts a Next.js application of this repository together as a package manager would elsewhere, in build/next, and runs `next` there.
 * In the workspace SochDB's packages are links to their sources; Next.js bundles what does not lie in node_modules, and an addon
 * cannot be bundled.
 *
 *   node scripts/next-app.mjs examples/nextjs dev            at http://localhost:3000
 *   node scripts/next-app.mjs templates/nextjs --as=other    only puts it together, in build/next/other
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What the applications use at run time, and what of it a published package holds. */
const packages = {
  sochdb: ['packages/sochdb', 'dist', 'bin'],
  '@sochdb/kysely': ['packages/kysely', 'dist'],
  '@sochdb/next': ['packages/next', 'dist'],
  '@sochdb/schema': ['schema', 'dist'],
  '@sochdb/native': ['native', 'build/Release/sochdb.node', ...readdirSync(join(root, 'native')).filter(isModule)],
}

function isModule(name) {
  return name.endsWith('.cjs') || name.endsWith('.cts')
}

/** Where the application is then; what was there before is gone. */
function assemble(folder, name) {
  const source = join(root, folder)
  const target = join(root, 'build', 'next', name)
  rmSync(target, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  if (folder.startsWith('templates/')) begin(basename(folder), target)
  else {
    const left = new Set(['node_modules', '.next', 'next-env.d.ts'].map(each => join(source, each)))
    cpSync(source, target, { recursive: true, filter: path => !left.has(path) && !path.endsWith('.soch') })
  }
  const modules = join(target, 'node_modules')
  for (const [own, [from, ...files]] of Object.entries(packages)) {
    for (const file of ['package.json', ...files]) {
      cpSync(join(root, from, file), join(modules, own, file), { recursive: true })
    }
  }
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  for (const foreign of Object.keys({ ...dependencies, ...devDependencies }).filter(each => !(each in packages))) {
    const link = join(modules, foreign)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(relative(dirname(link), realpathSync(join(source, 'node_modules', foreign))), link)
  }
  return target
}

/** A template is what `sochdb init` makes of it. */
function begin(template, target) {
  const bin = join(root, 'packages', 'sochdb', 'bin', 'sochdb.js')
  const child = spawnSync(process.execPath, [bin, 'init', target, '--template', template], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`${child.stdout}${child.stderr}`)
}

const [folder, ...rest] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: node scripts/next-app.mjs <folder> [--as=<name>] [<command and options of next>]')
  process.exit(2)
}
const as = rest[0]?.startsWith('--as=') ? rest.shift().slice('--as='.length) : basename(dirname(join(root, folder)))
const target = assemble(folder, as)
if (rest.length === 0) console.log(target)
else {
  const next = join(target, 'node_modules', 'next', 'dist', 'bin', 'next')
  const child = spawn(process.execPath, [next, ...rest], { cwd: target, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', code => process.exit(code ?? 1))
}
