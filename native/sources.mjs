/**
 * Lists the addon's sources for binding.gyp, one a line, relative to this folder.
 *
 * node native/sources.mjs general         files that include the sources, several of a module each: reading the headers is most
 *                                         of what the compiler does, and this way it reads them a tenth as often
 * node native/sources.mjs joined F M …    the same for the modules M, written below the folder F (the Makefile)
 * node native/sources.mjs tests F T …     the same for the tests T; and those among them that have to be compiled alone
 * node native/sources.mjs avx2 | avx512 | avx512vnni     files that end in _avx2.cc and so on: they get flags of their own
 * node native/sources.mjs zstd | zstd-folder           (ZSTD's, and where its headers lie; nothing where it is not installed)
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { zstdFolder, zstdSources } from './zstd.mjs'

const root = dirname(fileURLToPath(import.meta.url))
const modules = ['base', 'env', 'codec', 'wal', 'mem', 'sst', 'lsm', 'txn', 'engine', 'index', 'exec', 'binding']

/** @returns {string[]} */
function sourcesIn(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = `${folder}/${entry.name}`
      return entry.isDirectory() ? sourcesIn(path) : entry.name.endsWith('.cc') ? [path] : []
    })
}

const kindOf = path => /_(avx2|avx512|avx512vnni)\.cc$/.exec(path)?.[1] ?? 'general'
const wanted = process.argv[2]

/** Lines of sources that one compiler run takes: as many runs as keep every core busy to the end. */
const LINES_TOGETHER = 2000

const textOf = path => readFileSync(join(root, path), 'utf8')

/** Puts sources together in order, and returns the lists. */
function partsOf(paths) {
  const parts = []
  let lines = Infinity
  for (const path of paths) {
    const length = textOf(path).split('\n').length
    if (lines + length > LINES_TOGETHER) {
      parts.push([])
      lines = 0
    }
    parts.at(-1).push(path)
    lines += length
  }
  return parts
}

/** Writes a file where it differs from what is there: what is older is not compiled again. */
function written(file, text) {
  if (!existsSync(resolve(root, file)) || readFileSync(resolve(root, file), 'utf8') !== text)
    writeFileSync(resolve(root, file), text)
  return file
}

/** Writes the files that include others. */
function together(folder, name, paths) {
  mkdirSync(resolve(root, folder), { recursive: true })
  return partsOf(paths).map((part, i) => {
    const text = part.map(path => `#include "${path}"\n`).join('')
    return written(`${folder}/${name}_${i}.cc`, text)
  })
}

const modulesTogether = (folder, names) =>
  names.flatMap(name =>
    together(
      folder,
      name,
      sourcesIn(name).filter(path => kindOf(path) === 'general'),
    ),
  )

/** A test's names collide with no other's when its namespace is named as its file; what serves tests is in sochdb::test. */
const canBeJoined = path =>
  !path.endsWith('_fuzz.cc') &&
  new RegExp(
    `^namespace sochdb(::test)?${path.endsWith('_test.cc') ? `::${basename(path, '.cc')}` : ''} \\{`,
    'm',
  ).test(textOf(path))

/** What the addon says it is: the loader refuses an addon of another version (locate.cjs). */
function versionFile() {
  const { version } = JSON.parse(textOf('package.json'))
  const text = `namespace sochdb::binding {\nextern const char* const kVersion;\nconst char* const kVersion = "${version}";\n}\n`
  return written('build/joined/version.cc', text)
}

const testsTogether = (folder, paths) => [
  ...together(folder, 'test', paths.filter(canBeJoined)),
  ...paths.filter(path => !canBeJoined(path)),
]

function answer() {
  if (wanted === 'zstd') return zstdSources()
  if (wanted === 'zstd-folder') return [zstdFolder() ?? '']
  if (wanted === 'general') return [...modulesTogether('build/joined', modules), versionFile()]
  if (wanted === 'joined') return modulesTogether(process.argv[3], process.argv.slice(4))
  if (wanted === 'tests') return testsTogether(process.argv[3], process.argv.slice(4))
  return modules.flatMap(sourcesIn).filter(path => kindOf(path) === wanted)
}

console.log(answer().join('\n'))
