/**
 * Finds the sources of ZSTD: they come with the package zstd-napi, whose own addon is neither built nor loaded.
 * Without the package, or with SOCHDB_ZSTD=0, the engine is built without ZSTD.
 */
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
// Dictionary training, threads' entry points and old formats are not among them.
const parts = ['common', 'compress', 'decompress']

/** The folder with zstd.h, relative to this one (a build takes no absolute paths), or undefined. */
export function zstdFolder() {
  if (process.env.SOCHDB_ZSTD === '0') return undefined
  const beside = join(root, 'node_modules', 'zstd-napi')
  const folder = join(existsSync(beside) ? beside : installed(), 'deps', 'zstd', 'lib')
  return existsSync(join(folder, 'zstd.h')) ? relative(root, folder).split(sep).join('/') : undefined
}

function installed() {
  try {
    return dirname(createRequire(import.meta.url).resolve('zstd-napi/package.json'))
  } catch {
    return root
  }
}

/** Its C sources, and the assembly that makes decompression fast on x64 with GNU's assembler; relative too. */
export function zstdSources() {
  const folder = zstdFolder()
  if (folder === undefined) return []
  const wanted = process.platform === 'win32' ? /\.c$/ : /\.[cS]$/
  return parts.flatMap(part =>
    readdirSync(join(root, folder, part))
      .filter(name => wanted.test(name))
      .sort()
      .map(name => `${folder}/${part}/${name}`),
  )
}
