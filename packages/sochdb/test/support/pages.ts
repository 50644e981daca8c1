/** The examples of a page of the documentation, as one program. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import ts from 'typescript'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')

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
export function comparing(text: string): string {
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

export function arrows(page: string): number {
  return examples(page).reduce((sum, { code }) => sum + code.split('// →').length - 1, 0)
}

export function problems(page: string): string[] {
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
      '@sochdb/kysely': [join(root, 'packages/kysely/src/index.ts')],
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

/** JavaScript that calls `compare(line, actual, expected)` for each arrow. */
export function runnable(page: string): string {
  return ts.transpileModule(comparing(program(page)), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  }).outputText
}
