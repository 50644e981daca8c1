/**
 * Installs what `node scripts/pack.mjs` has packed into empty projects, as an application would, with npm and with pnpm, and uses
 * it there: imports and requires every entry, runs a small program, begins a project with `sochdb init`, generates its client,
 * compiles and runs it, resolves types. Prints what a production install takes.
 *
 * node scripts/try-packed.mjs [--packages=build/packages] [--node=/path/to/node]…
 *
 * Every --node runs the programs once more; the package managers and the compiler run in the Node that runs this.
 */
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { readTarball, root } from './packed/packages.mjs'
import { serveTarballs } from './packed/registry.mjs'

const valuesOf = name =>
  process.argv.filter(argument => argument.startsWith(`--${name}=`)).map(argument => argument.slice(name.length + 3))
const packages = resolve(valuesOf('packages')[0] ?? join(root, 'build', 'packages'))
const nodes = [process.execPath, ...valuesOf('node').map(path => realpathSync(path))]
const tarballs = readdirSync(packages).map(file => readTarball(join(packages, file)))
const programs = join(root, 'scripts', 'packed', 'programs')
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sochdb-packed-')))
const versionsOf = manifest => ({ ...manifest.devDependencies, ...manifest.dependencies })
const ours = name => tarballs.find(each => each.name === name)
const readJson = path => JSON.parse(readFileSync(path, 'utf8'))

let passed = 0
let failed = 0

/** One check, which may print a line of its own; what it throws is printed, and the others go on. */
async function check(name, action) {
  const started = Date.now()
  try {
    const said = await action()
    passed += 1
    console.log(`ok     ${name}, ${((Date.now() - started) / 1000).toFixed(1)} s${said ? `: ${said}` : ''}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED ${name}\n${error.stdout ?? ''}\n${error.stderr ?? ''}\n${error.message}`)
  }
}

/** Runs a program in a project; what it writes to standard error, warnings too, is a failure where `quiet` is set. */
async function run(cwd, program, options, { quiet = false } = {}) {
  const env = { ...process.env, NO_PROXY: '127.0.0.1', NODE_OPTIONS: '', SOCHDB_LIB_PATH: '' }
  const { stdout, stderr } = await promisify(execFile)(program, options, { cwd, env, maxBuffer: 1 << 26 })
  if (quiet && stderr !== '') throw new Error(`It says on standard error: ${stderr}`)
  return stdout
}

/** An empty project whose @sochdb packages come from the registry at `url`. */
function project(name, url, manifest) {
  const folder = join(scratch, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, '.npmrc'), `@sochdb:registry=${url}/\nfund=false\naudit=false\nprefer-offline=true\n`)
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'app', private: true, type: 'module', ...manifest }),
  )
  for (const file of readdirSync(programs)) copyFileSync(join(programs, file), join(folder, file))
  return folder
}

/** Everything that those of our packages export which a program of an application would import. */
const specifiersOf = names =>
  names.flatMap(name => Object.keys(ours(name).manifest.exports).map(entry => name + entry.slice(1)))

const versionOf = async node => (await run(scratch, node, ['--version'])).trim()

async function runPrograms(folder, specifiers) {
  for (const node of nodes) {
    for (const file of ['main.mjs', 'main.cjs']) {
      await check(`${file} in Node ${await versionOf(node)}`, async () => {
        await run(folder, node, [file, ...specifiers], { quiet: true })
      })
    }
  }
}

/** Bytes of files below a folder. */
function sizeOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sum + sizeOf(path)
    return entry.isFile() ? sum + statSync(path).size : sum
  }, 0)
}

/** What is installed, by package, the largest first. */
function sizes(folder) {
  const modules = join(folder, 'node_modules')
  const names = readdirSync(modules)
    .filter(name => !name.startsWith('.'))
    .flatMap(name => (name.startsWith('@') ? readdirSync(join(modules, name)).map(each => `${name}/${each}`) : [name]))
  const each = names.map(name => [name, sizeOf(join(modules, name))]).sort((a, b) => b[1] - a[1])
  const megabytes = bytes => `${(bytes / 1e6).toFixed(2)} MB`
  const total = each.reduce((sum, [, bytes]) => sum + bytes, 0)
  return `${megabytes(total)} (${each.map(([name, bytes]) => `${name} ${megabytes(bytes)}`).join(', ')})`
}

/** Resolution of modules, with the kinds of file that may import an ES module under it. */
const resolutions = {
  node16: { module: 'node16', files: ['types.mts'] },
  nodenext: { module: 'nodenext', files: ['types.mts', 'types.cts'] },
  bundler: { module: 'preserve', files: ['types.mts', 'types.cts'] },
}

async function checkTypes(folder) {
  for (const extension of ['mts', 'cts']) copyFileSync(join(programs, 'types.ts'), join(folder, `types.${extension}`))
  rmSync(join(folder, 'types.ts'))
  for (const [moduleResolution, { module, files }] of Object.entries(resolutions)) {
    const compilerOptions = { module, moduleResolution, target: 'es2022', strict: true, noEmit: true, types: ['node'] }
    const file = `tsconfig.${moduleResolution}.json`
    // Declarations are checked as well, by one of them.
    const skipLibCheck = moduleResolution !== 'nodenext'
    writeFileSync(join(folder, file), JSON.stringify({ compilerOptions: { ...compilerOptions, skipLibCheck }, files }))
    await check(`types under ${moduleResolution}`, async () => {
      await run(folder, 'npx', ['tsc', '-p', file])
    })
  }
}

/** A project as `sochdb init` writes it: its own commands, its own compiler. */
async function tryNewProject(folder, url) {
  const app = join(scratch, 'new')
  await check('npx sochdb init', () => run(folder, 'npx', ['sochdb', 'init', app]).then(() => undefined))
  const file = join(app, 'package.json')
  const manifest = readJson(file)
  manifest.dependencies.sochdb = `file:${ours('sochdb').file}`
  project('new', url, manifest)
  await check('npm install of the new project', () => run(app, 'npm', ['install']).then(() => undefined))
  await check('npx sochdb validate', () => run(app, 'npx', ['sochdb', 'validate']).then(() => undefined))
  await check('npx sochdb generate, and tsc', async () => {
    await run(app, 'npm', ['run', 'build'])
    await run(app, 'npx', ['sochdb', 'generate', '--check'])
  })
  for (const node of nodes) {
    const store = join(app, `store-${nodes.indexOf(node)}`)
    await check(`its program in Node ${await versionOf(node)}`, async () => {
      const said = await run(app, node, ['dist/src/main.js', store], { quiet: true })
      if (!said.includes('Engines by ada@example.com')) throw new Error(`It printed: ${said}`)
    })
  }
  await checkTypes(app)
}

async function withNpm(url) {
  const folder = project('npm', url, {})
  const kysely = `kysely@${versionsOf(ours('@sochdb/kysely').manifest).kysely}`
  await check('npm install for production', async () => {
    await run(folder, 'npm', ['install', ours('sochdb').file, '@sochdb/kysely', kysely])
    return sizes(folder)
  })
  await runPrograms(folder, specifiersOf(['sochdb', '@sochdb/kysely', '@sochdb/schema']))
  await tryNewProject(folder, url)
}

async function withPnpm(url) {
  const file = `file:${ours('sochdb').file}`
  const folder = project('pnpm', url, {
    dependencies: {
      sochdb: file,
      '@sochdb/kysely': ours('@sochdb/kysely').version,
      kysely: versionsOf(ours('@sochdb/kysely').manifest).kysely,
    },
    devDependencies: {
      '@sochdb/schema': ours('@sochdb/schema').version,
      '@sochdb/generator': ours('@sochdb/generator').version,
    },
  })
  // The one package without a scope is in no registry before it is published.
  writeFileSync(join(folder, 'pnpm-workspace.yaml'), `overrides:\n  sochdb: '${file}'\n`)
  await check('pnpm install', () =>
    run(folder, 'npx', ['-y', 'pnpm@10', 'install', '--prefer-offline']).then(() => undefined),
  )
  await runPrograms(folder, specifiersOf(['sochdb', '@sochdb/kysely', '@sochdb/schema']))
  cpSync(join(root, 'templates', 'node', 'sochdb.schema.ts'), join(folder, 'sochdb.schema.ts'))
  await check('pnpm exec sochdb validate', async () => {
    // The schema imports zod, which pnpm shows to those alone who ask for it.
    await run(folder, 'npx', ['-y', 'pnpm@10', 'add', '-D', '--prefer-offline', 'zod'])
    await run(folder, 'npx', ['-y', 'pnpm@10', 'exec', 'sochdb', 'validate'])
  })
}

const registry = await serveTarballs(tarballs)
await withNpm(registry.url)
await withPnpm(registry.url)
registry.close()
if (failed === 0) rmSync(scratch, { recursive: true })
else console.log(`The projects are in ${scratch}.`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
