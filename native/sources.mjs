/**
 * Lists the addon's sources for binding.gyp, one a line, relative to this folder.
 *
 * node native/sources.mjs general | avx2 | avx512      (files that end in _avx2.cc and _avx512.cc get flags of their own)
 * node native/sources.mjs zstd | zstd-folder           (ZSTD's, and where its headers lie; nothing where it is not installed)
 */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

const kindOf = path => /_(avx2|avx512)\.cc$/.exec(path)?.[1] ?? 'general'
const wanted = process.argv[2]

function answer() {
  if (wanted === 'zstd') return zstdSources()
  if (wanted === 'zstd-folder') return [zstdFolder() ?? '']
  return modules.flatMap(sourcesIn).filter(path => kindOf(path) === wanted)
}

console.log(answer().join('\n'))
