/**
 * Puts the starter projects into the package `sochdb`, where `sochdb init` finds them: its `prepack`. With --clean it takes them
 * out again: `postpack`.
 *
 * node scripts/templates.mjs [--out=packages/sochdb/templates] [--clean]
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(root, 'templates')
const given = process.argv.find(argument => argument.startsWith('--out='))?.slice('--out='.length)
const target = resolve(given ?? join(root, 'packages', 'sochdb', 'templates'))

rmSync(target, { recursive: true, force: true })
if (!process.argv.includes('--clean')) {
  const built = join(root, 'packages', 'sochdb', 'dist', 'cli', 'templates.js')
  if (!existsSync(built)) throw new Error('sochdb is not built. Run: pnpm build')
  const { templateFiles, templateNames } = await import(built)
  for (const name of templateNames(source)) {
    for (const { path, content } of templateFiles(name, source)) {
      // npm packs no `.gitignore`, and obeys those it meets.
      const file = join(target, name, path === '.gitignore' ? 'gitignore' : path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
    }
  }
}
