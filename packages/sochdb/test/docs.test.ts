/**
 * The examples of the documentation. All ```ts blocks of a page are one program, in their order: it has to compile, to run, and
 * where a line says `expression // → value`, to give that.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import ts from 'typescript'

import * as sochdb from 'sochdb'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const requireHere = createRequire(import.meta.url)
const pages = ['keys.md', 'namespaces.md', 'sql.md', 'storage.md']

interface Example {
  readonly code: string
  /** Of the page, from 1. */
  readonly line: number
}

function examples(page: string): Example[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), match => ({
    code: match[1]!,
    line: text.slice(0, match.index).split('\n').length + 1,
  }))
}

/** One program; blank lines keep the line numbers of the page. */
function program(page: string): string {
  let text = ''
  for (const { code, line } of examples(page)) {
    text += '\n'.repeat(Math.max(0, line - text.split('\n').length)) + code
  }
  return text
}

/** `x // → y` becomes a comparison; of an expression over several lines, the arrow stands behind the last one. */
function comparing(text: string): string {
  const source = ts.createSourceFile('page.ts', text, ts.ScriptTarget.ESNext, true)
  let result = ''
  let at = 0
  for (const statement of source.statements) {
    const arrow = /^;?[ \t]*\/\/ → (.*)/.exec(text.slice(statement.end))
    if (arrow === null || !ts.isExpressionStatement(statement)) continue
    const { line } = source.getLineAndCharacterOfPosition(statement.getStart())
    result += text.slice(at, statement.getStart())
    result += `compare(${line + 1}, (${statement.expression.getText()}), (${arrow[1]!}));`
    at = statement.end
  }
  return result + text.slice(at)
}

function arrows(page: string): number {
  return examples(page).reduce((sum, { code }) => sum + code.split('// →').length - 1, 0)
}

function problems(page: string): string[] {
  const file = join(root, 'packages', 'sochdb', 'test', `${page}.ts`)
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    paths: {
      sochdb: [join(root, 'packages/sochdb/src/index.ts')],
      '@sochdb/schema': [join(root, 'schema/src/index.ts')],
    },
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  const text = `${program(page)}\nexport {}\n`
  host.fileExists = name => name === file || fileExists(name)
  host.readFile = name => (name === file ? text : readFile(name))
  host.getSourceFile = (name, version, ...rest) =>
    name === file ? ts.createSourceFile(name, text, version) : getSourceFile(name, version, ...rest)
  const checked = ts.createProgram([file], options, host)
  const source = checked.getSourceFile(file)!
  return [...checked.getSyntacticDiagnostics(source), ...checked.getSemanticDiagnostics(source)].map(problem => {
    const { line } = source.getLineAndCharacterOfPosition(problem.start ?? 0)
    return `docs/${page}:${line + 1}: ${ts.flattenDiagnosticMessageText(problem.messageText, '\n')}`
  })
}

describe.each(pages)('docs/%s', page => {
  test('its examples compile', () => {
    expect(problems(page)).toEqual([])
  })

  test('its examples run, and give what they say', () => {
    let compared = 0
    const compare = (line: number, actual: unknown, expected: unknown): void => {
      compared++
      expect({ line, value: actual }).toEqual({ line, value: expected })
    }
    const { outputText } = ts.transpileModule(comparing(program(page)), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
    })
    const run = new Function('require', 'exports', 'compare', 'console', outputText) as (...args: unknown[]) => void
    run((name: string) => (name === 'sochdb' ? sochdb : requireHere(name)), {}, compare, { log: () => undefined })
    expect(compared).toBe(arrows(page))
  })
})
