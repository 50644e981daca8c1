/**
 * The starter projects that `sochdb init` copies: the folders of `templates/`, each with a package.json. The published package
 * carries them (`scripts/templates.mjs`); inside this repository they are members of the workspace, beside `packages/`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface TemplateFile {
  /** Relative to the project, with `/`. */
  readonly path: string
  readonly content: Uint8Array
}

/** npm packs no `.gitignore`, and obeys those it meets: the published package has it under this name. */
const GITIGNORE_PACKED = 'gitignore'
const GITIGNORE = '.gitignore'

/** What is no part of a project, whatever its `.gitignore` says. */
const always = ['node_modules/', 'dist/', '*.tsbuildinfo', GITIGNORE_PACKED]

/** Carried by the package, or those of the repository this file is in. */
function templatesDirectory(): string {
  const carried = fileURLToPath(new URL('../../templates/', import.meta.url))
  return existsSync(carried) ? carried : fileURLToPath(new URL('../../../../templates/', import.meta.url))
}

/** Sorted. */
export function templateNames(directory: string = templatesDirectory()): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(join(directory, entry.name, 'package.json')))
    .map(entry => entry.name)
    .sort()
}

/** The files of a template, sorted by path, without those that its own `.gitignore` names. */
export function templateFiles(name: string, directory: string = templatesDirectory()): TemplateFile[] {
  const root = join(directory, name)
  const gitignore = [GITIGNORE, GITIGNORE_PACKED].map(file => join(root, file)).find(file => existsSync(file))
  const patterns = gitignore === undefined ? [] : readFileSync(gitignore, 'utf8').split('\n')
  const ignored = ignoring([...patterns, ...always])
  const walk = (below: string): string[] =>
    readdirSync(join(root, below), { withFileTypes: true }).flatMap(entry => {
      if (ignored(entry.name)) return []
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      return entry.isDirectory() ? walk(path) : [path]
    })
  const files = walk('').map(path => ({ path, content: readFileSync(join(root, path)) }))
  if (gitignore !== undefined) {
    const content = readFileSync(gitignore)
    const at = files.findIndex(file => file.path === GITIGNORE)
    if (at < 0) files.push({ path: GITIGNORE, content })
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Lines of a `.gitignore` that name a file or a folder anywhere, with `*` for any text: all that templates use. */
function ignoring(patterns: readonly string[]): (name: string) => boolean {
  const names = patterns
    .map(line => line.trim().replace(/\/$/, ''))
    .filter(line => line !== '' && !line.startsWith('#'))
  const escape = (text: string): string => text.replace(/[\\^$.+?()[\]{}|]/g, '\\$&')
  const expressions = names.map(name => new RegExp(`^${name.split('*').map(escape).join('.*')}$`))
  return name => expressions.some(expression => expression.test(name))
}
