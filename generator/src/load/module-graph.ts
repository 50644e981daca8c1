/**
 * A schema file and the files it imports by relative path, transpiled. Packages are left to Node; relative imports of TypeScript
 * are followed here, so that a schema may be spread over files without a build.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { locate, problem, type Location, type Problem } from './problem.js'
import { SourceText } from './source-text.js'
import { compiler, Transpiler, type Transpiled } from './transpile.js'

export interface LoadedModule {
  readonly source: SourceText
  /** Name of its file in the directory it is evaluated from. */
  readonly outputName: string
  /** JavaScript, its relative imports rewritten. */
  readonly code: string
  readonly sourceMap: string
}

export interface ModuleGraph {
  /** The entry first. */
  readonly modules: readonly LoadedModule[]
  /** Every file that was read or refers to one that was: what a watcher watches. */
  readonly files: readonly string[]
  readonly problems: readonly Problem[]
}

const typescriptExtensions = new Set(['.ts', '.mts', '.cts', '.tsx'])
const modulesMax = 2000

export async function loadModuleGraph(entry: string): Promise<ModuleGraph> {
  const transpiler = new Transpiler(entry)
  const names = new Map<string, string>()
  const queue: string[] = []
  const outputNameOf = (file: string): string => {
    let name = names.get(file)
    if (name === undefined) {
      name = `${names.size}.mjs`
      names.set(file, name)
      queue.push(file)
    }
    return name
  }
  outputNameOf(entry)
  const modules: LoadedModule[] = []
  const files = new Set<string>()
  const problems: Problem[] = []
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const source = SourceText.read(file)
    files.add(file)
    const result = await transpile(transpiler, source, outputNameOf, files)
    problems.push(...result.problems)
    modules.push({ source, outputName: outputNameOf(file), code: result.code, sourceMap: result.sourceMap })
    if (modules.length > modulesMax) {
      problems.push(problem('too_many_files', `The schema imports more than ${modulesMax} files.`))
      break
    }
  }
  transpiler.save()
  return { modules, files: [...files], problems }
}

interface Loaded {
  readonly code: string
  readonly sourceMap: string
  readonly problems: readonly Problem[]
}

async function transpile(
  transpiler: Transpiler,
  source: SourceText,
  outputNameOf: (file: string) => string,
  files: Set<string>,
): Promise<Loaded> {
  const made = await transpiler.transpile(source)
  const problems = made.errors.map(({ message, start }) => {
    return problem('syntax_error', message, { location: locate(source, start) })
  })
  const code = problems.length > 0 ? made.code : await rewriteImports(source, made, outputNameOf, files, problems)
  return { code: code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'), sourceMap: made.sourceMap, problems }
}

async function rewriteImports(
  source: SourceText,
  { code, imports }: Transpiled,
  outputNameOf: (file: string) => string,
  files: Set<string>,
  problems: Problem[],
): Promise<string> {
  let result = ''
  let from = 0
  for (const { fileName, pos, end } of imports) {
    if (!/^\.\.?(\/|$)/.test(fileName)) continue
    const target = resolveRelative(dirname(source.file), fileName)
    if (target === undefined) {
      const location = await locateImport(source, fileName)
      problems.push(problem('import_not_found', `There is no file "${fileName}" beside this one.`, { location }))
      continue
    }
    files.add(target)
    // `pos` is that of the literal, or of the text within it, depending on the form of the import.
    const quoted = /["']/.test(code[pos] ?? '')
    const rewritten = typescriptExtensions.has(extname(target)) ? `./${outputNameOf(target)}` : freshUrl(target)
    result += code.slice(from, pos) + (quoted ? JSON.stringify(rewritten) : rewritten)
    from = Math.max(end, pos + fileName.length + (quoted ? 2 : 0))
  }
  return result + code.slice(from)
}

/** Node keeps modules by URL: the time of change in it makes a changed file another module. */
function freshUrl(file: string): string {
  return `${pathToFileURL(file).href}?changed=${statSync(file).mtimeMs}`
}

/** Where a source imports this specifier; its first line when it cannot be found. */
export async function locateImport(source: SourceText, specifier: string): Promise<Location> {
  const ts = await compiler()
  const found = ts.preProcessFile(source.text, true, true).importedFiles.find(one => one.fileName === specifier)
  return locate(source, found === undefined ? 0 : found.pos)
}

/** The file a relative specifier stands for: as written, as the TypeScript behind a `.js`, with an extension, or as a folder's index. */
export function resolveRelative(directory: string, specifier: string): string | undefined {
  const path = resolve(directory, specifier)
  const candidates = [
    path.replace(/\.(m|c)?js$/, '.$1ts'),
    path,
    `${path}.ts`,
    `${path}.mts`,
    `${path}.js`,
    `${path}.mjs`,
    `${path}/index.ts`,
    `${path}/index.mts`,
    `${path}/index.js`,
  ]
  return candidates.find(candidate => existsSync(candidate) && statSync(candidate).isFile())
}
