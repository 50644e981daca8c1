/**
 * TypeScript to JavaScript, one file at a time. The compiler takes longer to load than everything else there is to do: what it made of a
 * text before is kept below the project's `node_modules`, and it is loaded for texts that it has not seen.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ts as Ts } from 'ts-morph'
import type { SourceText } from './source-text.js'

/** What is kept has a form: another one is another number. */
const VERSION = 1

export interface ImportedFile {
  readonly fileName: string
  readonly pos: number
  readonly end: number
}

export interface Transpiled {
  readonly code: string
  readonly sourceMap: string
  /** In `code`. */
  readonly imports: readonly ImportedFile[]
  readonly errors: readonly { readonly message: string; readonly start: number }[]
}

/** The compiler, loaded when it is asked for. */
export const compiler = async (): Promise<typeof Ts> => (await import('ts-morph')).ts

/** Below the nearest `node_modules`; `undefined`: there is none. */
export function cacheDirectory(beside: string): string | undefined {
  for (let at = beside; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules'))) return join(at, 'node_modules', '.cache', 'sochdb')
    if (dirname(at) === at) return undefined
  }
}

/** Transpiles the files of one entry, and keeps what came of them in one file. */
export class Transpiler {
  readonly #file: string | undefined
  readonly #before: Readonly<Record<string, Transpiled>>
  readonly #used: Record<string, Transpiled> = {}
  #isNew = false

  constructor(entry: string) {
    const directory = cacheDirectory(dirname(entry))
    this.#file = directory && join(directory, `transpiled-${hash(entry).slice(0, 16)}.json`)
    this.#before = this.#file === undefined ? {} : read(this.#file)
  }

  async transpile(source: SourceText): Promise<Transpiled> {
    const key = hash(`${source.file}\n${source.text}`)
    const held = Object.hasOwn(this.#before, key) ? this.#before[key] : undefined
    if (held !== undefined) return (this.#used[key] = held)
    const made = compile(await compiler(), source)
    if (made.errors.length > 0) return made
    this.#isNew = true
    return (this.#used[key] = made)
  }

  /** Where it cannot be kept, it is made again next time. */
  save(): void {
    if (this.#file === undefined || !this.#isNew) return
    try {
      mkdirSync(dirname(this.#file), { recursive: true })
      const temporary = `${this.#file}.${process.pid}.tmp`
      writeFileSync(temporary, JSON.stringify({ version: VERSION, transpiled: this.#used }))
      renameSync(temporary, this.#file)
    } catch {
      // Read-only installations have no cache.
    }
  }
}

function compile(ts: typeof Ts, source: SourceText): Transpiled {
  const output = ts.transpileModule(source.text, {
    fileName: source.file,
    reportDiagnostics: true,
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      sourceMap: true,
      isolatedModules: true,
    },
  })
  const errors = (output.diagnostics ?? [])
    .filter(diagnostic => diagnostic.category === ts.DiagnosticCategory.Error)
    .map(diagnostic => {
      return { message: ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'), start: diagnostic.start ?? 0 }
    })
  const found = errors.length > 0 ? [] : ts.preProcessFile(output.outputText, true, true).importedFiles
  const imports = found.map(({ fileName, pos, end }) => ({ fileName, pos, end }))
  return { code: output.outputText, sourceMap: output.sourceMapText ?? '{}', imports, errors }
}

function read(file: string): Readonly<Record<string, Transpiled>> {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown; transpiled?: unknown }
    return kept.version === VERSION ? (kept.transpiled as Readonly<Record<string, Transpiled>>) : {}
  } catch {
    return {}
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
