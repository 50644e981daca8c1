/**
 * Packs every public package, and one package for each platform whose addon is built, as they are published; checks them.
 *
 * node scripts/pack.mjs [--out=build/packages]
 *
 * The addon of this platform comes from native/build/Release, those of others from native/build/platforms/NAME, where
 * `native/build.mjs --all` and the release put them. Checked are what the tarballs hold, what publint and are-the-types-wrong
 * say of them, and that their output has sources.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { packageOf, platforms, platformsHere } from '../native/platforms.cjs'
import { pnpm, publicPackages, readTarball, root, run } from './packed/packages.mjs'

const license = join(root, 'LICENSE')

/** The addons to pack: `[name, file]`. */
function addons() {
  return Object.keys(platforms).flatMap(name => {
    const given = join(root, 'native', 'build', 'platforms', name, 'sochdb.node')
    const here = join(root, 'native', 'build', 'Release', 'sochdb.node')
    if (platformsHere().includes(name) && existsSync(here)) return [[name, here]]
    return existsSync(given) ? [[name, given]] : []
  })
}

/** What a debugger would read, a third of the file, stays out where there is a tool that takes it out. */
function strip(file, platform) {
  if (!platformsHere().includes(platform)) return
  try {
    run('strip', process.platform === 'darwin' ? ['-x', file] : ['--strip-unneeded', file])
  } catch {
    console.log('strip is not there: the addon is packed with its symbols.')
  }
}

function writeAddonPackage(folder, platform, file, native) {
  const { os, cpu, libc } = platforms[platform]
  mkdirSync(folder, { recursive: true })
  copyFileSync(file, join(folder, 'sochdb.node'))
  strip(join(folder, 'sochdb.node'), platform)
  copyFileSync(license, join(folder, 'LICENSE'))
  writeFileSync(
    join(folder, 'README.md'),
    `# ${packageOf(platform)}\n\nThe engine of [sochdb](https://www.npmjs.com/package/sochdb), built for ${platform}. It is installed with \`sochdb\`.\n`,
  )
  const manifest = {
    name: packageOf(platform),
    version: native.version,
    description: `The SochDB storage engine, built for ${platform}`,
    license: native.license,
    engines: native.engines,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    type: 'commonjs',
    main: './sochdb.node',
    files: ['sochdb.node'],
    publishConfig: { access: 'public' },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2))
}

/** `@sochdb/native` names the packages of platforms only when it is packed: in the workspace there are none to install. */
function writeLoaderPackage(folder, { directory, manifest }, packed) {
  mkdirSync(folder, { recursive: true })
  for (const file of [...manifest.files, 'README.md']) copyFileSync(join(directory, file), join(folder, file))
  copyFileSync(license, join(folder, 'LICENSE'))
  // In the workspace, installing builds: without a script of its own pnpm would call node-gyp, whose headers may need a download.
  const { devDependencies: _, scripts: __, ...published } = manifest
  const optionalDependencies = Object.fromEntries(packed.map(name => [packageOf(name), manifest.version]))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...published, optionalDependencies }, null, 2))
}

/** Compiled files whose source is gone would be published all the same. */
function refuseStale({ directory, manifest }) {
  const dist = join(directory, 'dist')
  if (!existsSync(dist)) throw new Error(`${manifest.name} is not built. Run: pnpm build`)
  const stale = readdirSync(dist, { recursive: true })
    .filter(path => path.endsWith('.js'))
    .filter(path => !existsSync(join(directory, 'src', path.replace(/\.js$/, '.ts'))))
  if (stale.length === 0) return
  throw new Error(
    `${relative(root, dist)} holds files without a source: ${stale.join(', ')}. Remove it and run: pnpm build`,
  )
}

/** Packs into `out`; returns the tarballs: `{ name, version, file, files }`. */
export function pack(out) {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const packages = publicPackages()
  const native = packages.find(({ manifest }) => manifest.name === '@sochdb/native')
  const others = packages.filter(each => each !== native)
  others.forEach(refuseStale)
  const found = addons()
  if (found.length === 0) throw new Error('No addon is built. Run: node native/build.mjs')

  const staged = mkdtempSync(join(tmpdir(), 'sochdb-pack-'))
  for (const [name, file] of found) writeAddonPackage(join(staged, name), name, file, native.manifest)
  const names = found.map(([name]) => name)
  writeLoaderPackage(join(staged, 'native'), native, names)
  run('npm', ['pack', '--silent', `--pack-destination=${out}`, ...['native', ...names].map(name => `./${name}`)], {
    cwd: staged,
  })
  rmSync(staged, { recursive: true, force: true })

  const filters = others.map(({ manifest }) => `--filter=${manifest.name}`)
  pnpm(['-r', ...filters, 'pack', `--pack-destination=${out}`], { cwd: root })
  return readdirSync(out).map(file => readTarball(join(out, file)))
}

/** What a package may hold; anything else is a mistake. */
const expected =
  /^package\/(package\.json|LICENSE|README\.md|CHANGELOG\.md|sochdb\.node|(index|locate|platforms)\.cjs|index\.d\.cts|bin\/\w+\.js|dist\/[\w./-]+\.(c?js|d\.c?ts)|templates\/.+)$/

function contentProblems({ name, manifest, files }) {
  const surplus = files.filter(file => !expected.test(file)).map(file => `holds ${file}`)
  const missing = ['LICENSE', 'README.md', 'package.json']
    .filter(file => !files.includes(`package/${file}`))
    .map(file => `has no ${file}`)
  const unresolved = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
    .filter(([, range]) => range.startsWith('workspace:'))
    .map(([dependency, range]) => `depends on ${dependency} ${range}`)
  return [...surplus, ...missing, ...unresolved].map(problem => `${name} ${problem}`)
}

async function lint({ name, manifest, file }) {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  const { messages } = await publint({
    pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) },
    strict: true,
  })
  return messages.map(message => `${name}: ${formatMessage(message, manifest, { color: false })}`)
}

/**
 * What is an ES module stays one: `require` loads it in every Node that the packages are for. The addon has no names that
 * can be imported one by one before it is loaded: `sochdb`, who alone imports it, asks for its default.
 */
function typeProblems({ name, file, manifest }) {
  if (manifest.exports === undefined) return []
  const settings =
    name === '@sochdb/native' ? ['--profile=node16', '--ignore-rules=named-exports'] : ['--profile=esm-only']
  const program = join(root, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js')
  try {
    run(process.execPath, [program, file, ...settings, '--no-emoji', '--no-color', '--format=ascii'])
    return []
  } catch (error) {
    return [`${name}: ${error.message}`]
  }
}

/** Everything wrong with one tarball, a line each. */
async function problemsOf(tarball) {
  return [...contentProblems(tarball), ...(await lint(tarball)), ...typeProblems(tarball)]
}

const kilobytes = bytes => `${(bytes / 1000).toFixed(0)} kB`

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const given = process.argv.find(argument => argument.startsWith('--out='))?.slice('--out='.length)
  const tarballs = pack(resolve(given ?? join(root, 'build', 'packages')))
  let failed = 0
  for (const tarball of tarballs) {
    const size = kilobytes(statSync(tarball.file).size)
    console.log(
      `${`${tarball.name}@${tarball.version}`.padEnd(36)} ${size.padStart(9)} packed, ${tarball.files.length} files`,
    )
    const problems = await problemsOf(tarball)
    for (const problem of problems) console.error(problem)
    if (problems.length > 0) failed += 1
  }
  console.log(`${tarballs.length - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}
