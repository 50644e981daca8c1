/**
 * Lists the addon's sources for binding.gyp, one a line, relative to this folder.
 *
 * node native/sources.mjs general | avx2 | avx512      (files that end in _avx2.cc and _avx512.cc get flags of their own)
 */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

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

const kindOf = path => /_(avx2|avx512)\.cc$/.exec(path)?.[1] ?? 'general'
const wanted = process.argv[2]
console.log(
  modules
    .flatMap(sourcesIn)
    .filter(path => kindOf(path) === wanted)
    .join('\n'),
)
