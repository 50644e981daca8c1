/** Where the addon lies: files that no tracing of imports finds, since its path is made when it is loaded. */
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'

/** Prebuilt addons of this platform: `native-linux-x64`, `native-linux-x64-gnu`. */
const prebuilt = `native-${process.platform}-${process.arch}`

/**
 * Globs of every file that loading the addon may need: what was built in its package, and the prebuilt packages that are installed.
 *
 * @param projectDir the folder that the globs are relative to
 */
export function addonGlobs(projectDir: string): string[] {
  const sochdb = createRequire(import.meta.url).resolve('sochdb')
  const requireFromSochdb = createRequire(sochdb)
  const native = dirname(requireFromSochdb.resolve('@sochdb/native'))
  const built = [join(native, 'sochdb.node'), join(native, 'build', 'Release', 'sochdb.node')].filter(existsSync)
  const folders = [
    ...new Set([join(native, 'node_modules'), ...(requireFromSochdb.resolve.paths('@sochdb/native') ?? [])]),
  ]
  const packages = folders.concat(dirname(dirname(native))).flatMap(folder => prebuiltIn(join(folder, '@sochdb')))
  const files = [...built, ...packages.map(folder => join(folder, '*'))]
  return [...new Set(files)].map(file => globTo(projectDir, file))
}

function prebuiltIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => name === prebuilt || name.startsWith(`${prebuilt}-`))
    .map(name => join(folder, name))
}

/** Relative, as Next.js wants globs, with slashes; what means something in a glob stands for itself, or for any one character. */
function globTo(projectDir: string, file: string): string {
  const name = file.endsWith(`${sep}*`) ? '*' : ''
  const path = relative(projectDir, name === '' ? file : dirname(file))
  const literal = path
    .split(sep)
    .join('/')
    .replace(/[*?[\]{}()!+@]/g, '?')
  return name === '' ? literal : `${literal}/${name}`
}
