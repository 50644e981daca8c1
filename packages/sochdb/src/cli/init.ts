/** `sochdb init`: copies a starter project into a folder that has none of its files. */
import { lstatSync, mkdirSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { UsageError, type Arguments } from './arguments.js'
import { print, printJson } from './output.js'
import { ProjectError } from './places.js'
import { files as counted, shownPath } from './report.js'
import { templateFiles, templateNames, type TemplateFile } from './templates.js'
import { palette, ExitCode, type Terminal } from './terminal.js'

const DEFAULT_TEMPLATE = 'node'

interface Manifest {
  name: string
  readonly scripts?: Readonly<Record<string, string>>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/**
 * @throws UsageError when there is no such template
 * @throws ProjectError when a file is there already, or the folder cannot be written; nothing is written then
 */
export function init(parsed: Arguments, terminal: Terminal, version: string): number {
  const template = parsed.template ?? DEFAULT_TEMPLATE
  const names = templateNames()
  if (!names.includes(template)) {
    throw new UsageError(`There is no template "${template}". There are: ${names.join(', ')}.`)
  }
  const directory = resolve(terminal.cwd, parsed.directory ?? '.')
  const { files, manifest } = project(templateFiles(template), basename(directory), version)
  refuseToOverwrite(directory, files, terminal)
  write(directory, files)
  const next = nextSteps(terminal.cwd, directory, manifest)
  if (parsed.json) {
    printJson(terminal, { ok: true, template, directory, files: files.map(({ path }) => path), next })
    return ExitCode.OK
  }
  const { bold, green } = palette(terminal.stdout, terminal.env)
  const where = directory === terminal.cwd ? 'Here' : shownPath(directory, terminal.cwd)
  const steps = next.map(step => `  ${bold(step)}\n`).join('')
  return print(
    terminal,
    `${green(where)}: ${counted(files.length)} written, the template "${template}". Next:\n${steps}`,
  )
}

/** The files of a template as those of a project: named after its folder, with the versions of this package. */
function project(
  template: readonly TemplateFile[],
  folder: string,
  version: string,
): { readonly files: TemplateFile[]; readonly manifest: Manifest } {
  const source = template.find(({ path }) => path === 'package.json')!
  const manifest = JSON.parse(Buffer.from(source.content).toString('utf8')) as Manifest
  manifest.name = packageName(folder) ?? manifest.name
  for (const dependencies of [manifest.dependencies ?? {}, manifest.devDependencies ?? {}]) {
    for (const [name, range] of Object.entries(dependencies)) {
      if (range.startsWith('workspace:')) dependencies[name] = `^${version}`
    }
  }
  const content = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  return { files: template.map(file => (file === source ? { path: file.path, content } : file)), manifest }
}

/** What npm takes for a name; `undefined` when nothing of the folder's is left. */
function packageName(folder: string): string | undefined {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '')
    .slice(0, 200)
  return name === '' || name === 'node_modules' ? undefined : name
}

function refuseToOverwrite(directory: string, files: readonly TemplateFile[], terminal: Terminal): void {
  const isDirectory = found(directory, statSync)?.isDirectory()
  const where = shownPath(directory, terminal.cwd)
  if (isDirectory === false) {
    throw new ProjectError('not_a_directory', `${where} is not a directory.`, 'Name a folder that is empty, or new.')
  }
  if (isDirectory === undefined) return
  const taken = files.filter(({ path }) => found(join(directory, path), lstatSync) !== undefined)
  if (taken.length === 0) return
  const shown = taken.slice(0, 5).map(({ path }) => path)
  const rest = taken.length - shown.length
  throw new ProjectError(
    'files_exist',
    `${counted(taken.length)} of the template ${taken.length === 1 ? 'is' : 'are'} there already: ${shown.join(', ')}${rest > 0 ? ` and ${String(rest)} more` : ''}. Nothing was written.`,
    'Name a folder that is empty, or new: sochdb init my-app',
  )
}

/** What is at a path. Nothing is below a file: writing tells of that. */
function found(path: string, read: (path: string) => Stats): Stats | undefined {
  try {
    return read(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw notWritten(message)
  }
}

const notWritten = (message: string): ProjectError =>
  new ProjectError('not_writable', `The project was not written: ${message}.`)

/** All of them, or none: what was written is taken back when one cannot be. */
function write(directory: string, files: readonly TemplateFile[]): void {
  const made: string[] = []
  try {
    for (const { path, content } of files) {
      const file = join(directory, path)
      const first = mkdirSync(dirname(file), { recursive: true })
      if (first !== undefined) made.push(first)
      // `wx`: whoever made the file meanwhile keeps it.
      writeFileSync(file, content, { flag: 'wx' })
      made.push(file)
    }
  } catch (error) {
    for (const path of made.reverse()) rmSync(path, { recursive: true, force: true })
    throw notWritten((error as Error).message)
  }
}

/** Lines for a shell. */
function nextSteps(cwd: string, directory: string, { scripts = {} }: Manifest): string[] {
  const enter = relative(cwd, directory)
  const run = scripts['dev'] === undefined ? ['npm run build', 'npm start'] : ['npm run dev']
  return [
    ...(enter === '' ? [] : [`cd ${/^[\w./@+-]+$/.test(enter) ? enter : `'${enter.replaceAll("'", `'\\''`)}'`}`]),
    'npm install',
    ...run,
  ]
}
