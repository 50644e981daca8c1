/**
 * Runs a TypeScript module of the project and returns what it exports by default. It is transpiled into a directory below the
 * project's own `node_modules`, from where its imports of packages resolve as they would from the file itself; the directory is
 * gone when this returns.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadModuleGraph, locateImport, type LoadedModule, type ModuleGraph } from './module-graph.js'
import { locate, problem, type Location, type Problem } from './problem.js'

export type Evaluation =
  | { readonly ok: true; readonly exported: unknown; readonly graph: ModuleGraph }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly graph: ModuleGraph }

export async function evaluate(entry: string): Promise<Evaluation> {
  const graph = await loadModuleGraph(entry)
  if (graph.problems.length > 0) return { ok: false, problems: graph.problems, graph }
  const directory = makeDirectory(dirname(entry))
  try {
    for (const { outputName, code } of graph.modules) writeFileSync(join(directory, outputName), code)
    const url = pathToFileURL(join(directory, graph.modules[0]!.outputName)).href
    const exports = (await import(url)) as { readonly default?: unknown }
    return { ok: true, exported: exports.default, graph }
  } catch (error) {
    return { ok: false, problems: [await explain(error, graph, directory)], graph }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Below the nearest `node_modules`, or, where there is none that can be written, beside the file. */
function makeDirectory(beside: string): string {
  for (let at = beside; ; at = dirname(at)) {
    const modules = join(at, 'node_modules')
    if (existsSync(modules)) {
      try {
        const cache = join(modules, '.cache', 'sochdb')
        mkdirSync(cache, { recursive: true })
        return mkdtempSync(join(cache, 'load-'))
      } catch {
        break
      }
    }
    if (dirname(at) === at) break
  }
  return mkdtempSync(join(beside, '.sochdb-load-'))
}

/** What went wrong while the module ran, at the place in the source where it did. */
async function explain(error: unknown, graph: ModuleGraph, directory: string): Promise<Problem> {
  const thrown = toThrown(error)
  const message = inSourceTerms(thrown.message, graph, directory)
  const missing = /Cannot find (?:package|module) '([^']+)'/.exec(thrown.message)?.[1]
  if (missing !== undefined) {
    const location = await importLocation(graph, missing)
    const hint = /^[./]/.test(missing) ? undefined : `Install it: npm install ${packageOf(missing)}`
    return problem('import_not_found', `There is no module "${missing}".`, { location, hint })
  }
  const requested = /requested module '([^']+)'/.exec(thrown.message)?.[1]
  if (requested !== undefined) {
    const original = originalSpecifier(graph, requested)
    return problem('import_failed', message, { location: await importLocation(graph, original) })
  }
  const location = stackLocation(thrown.stack, graph) ?? locate(graph.modules[0]!.source, 0)
  return problem('schema_threw', `${thrown.name}: ${message}`, { location })
}

function toThrown(error: unknown): { readonly name: string; readonly message: string; readonly stack: string } {
  // By shape: the error may come from another realm.
  if (typeof error === 'object' && error !== null && 'message' in error) {
    const { name, message, stack } = error as Error
    return { name: String(name), message: String(message), stack: String(stack ?? '') }
  }
  return { name: 'Thrown', message: String(error), stack: '' }
}

/** Puts the source files' names in the place of the transpiled ones'. */
function inSourceTerms(message: string, graph: ModuleGraph, directory: string): string {
  let text = message
  for (const { outputName, source } of graph.modules) {
    const path = join(directory, outputName)
    text = text.replaceAll(pathToFileURL(path).href, source.file).replaceAll(path, source.file)
    text = text.replaceAll(`'./${outputName}'`, `'${source.file}'`)
  }
  return text
}

function originalSpecifier(graph: ModuleGraph, requested: string): string {
  const output = graph.modules.find(module => requested === `./${module.outputName}`)
  return output === undefined ? requested : output.source.file
}

/** The import of a package, or of one of the graph's own files. */
async function importLocation(graph: ModuleGraph, specifier: string): Promise<Location> {
  for (const { source } of graph.modules) {
    const location = await locateImport(source, specifier)
    if (location.line > 1 || source.lines[0]!.includes(specifier)) return location
  }
  return locate(graph.modules[0]!.source, 0)
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** The innermost frame of the stack that lies in one of the graph's files. */
function stackLocation(stack: string, graph: ModuleGraph): Location | undefined {
  for (const [, name, line, column] of stack.matchAll(
    /(?:[\\/]|\.sochdb-)load-[^\\/:]+[\\/](\d+\.mjs):(\d+)(?::(\d+))?/g,
  )) {
    const module = graph.modules.find(one => one.outputName === name)
    if (module !== undefined) return mapPosition(module, Number(line), Number(column ?? 1))
  }
  return undefined
}

/** From a position in the transpiled code, counted from 1, to the source. */
function mapPosition(module: LoadedModule, line: number, column: number): Location {
  try {
    const map = new SourceMap(JSON.parse(module.sourceMap) as ConstructorParameters<typeof SourceMap>[0])
    const entry = map.findEntry(line - 1, column - 1)
    if ('originalLine' in entry) {
      return locate(module.source, { line: entry.originalLine + 1, column: entry.originalColumn + 1 })
    }
  } catch {
    // A source map that cannot be read costs the exact column, not the message.
  }
  return locate(module.source, 0)
}
