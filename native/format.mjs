/**
 * Formats the engine's sources with clang-format 14 (other versions format differently).
 *
 * node native/format.mjs [--check]
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))

function sources(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return ['build', 'node_modules'].includes(entry.name) ? [] : sources(path)
    return /\.(cc|h)$/.test(entry.name) ? [path] : []
  })
}

const formatter = ['clang-format-14', 'clang-format'].find(name => {
  const version = spawnSync(name, ['--version'], { encoding: 'utf8' })
  return version.status === 0 && / 14\./.test(version.stdout)
})
if (formatter === undefined) {
  console.log("clang-format 14 is not installed: the engine's sources are not formatted or checked.")
} else {
  const mode = process.argv.includes('--check') ? ['--dry-run', '--Werror'] : ['-i']
  const result = spawnSync(formatter, [...mode, ...sources(root)], { stdio: 'inherit' })
  process.exit(result.status ?? 1)
}
