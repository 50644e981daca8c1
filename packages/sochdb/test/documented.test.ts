/** What packages export is documented where it is declared: every declaration, and every method of classes and interfaces. */
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

import ts from 'typescript'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

const entries: Readonly<Record<string, string>> = {
  sochdb: 'packages/sochdb/src/index.ts',
  'sochdb/client': 'packages/sochdb/src/client/index.ts',
  'sochdb/testing': 'packages/sochdb/src/testing/index.ts',
  '@sochdb/schema': 'schema/src/index.ts',
  '@sochdb/kysely': 'packages/kysely/src/index.ts',
  '@sochdb/generator': 'generator/src/index.ts',
  '@sochdb/next': 'packages/next/src/index.ts',
  '@sochdb/nestjs': 'packages/nestjs/src/index.ts',
  '@sochdb/nestjs/health': 'packages/nestjs/src/health/index.ts',
}

const program = ts.createProgram(
  Object.values(entries).map(file => join(root, file)),
  {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    experimentalDecorators: true,
  },
)
const checker = program.getTypeChecker()

const isDocumented = (symbol: ts.Symbol): boolean =>
  symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0

const fileOf = (symbol: ts.Symbol): string => relative(root, symbol.declarations![0]!.getSourceFile().fileName)

/** What a module exports that this repository declares, by the name it is exported under. */
function exported(file: string): [name: string, symbol: ts.Symbol][] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, file))!)!
  return checker
    .getExportsOfModule(module)
    .map((symbol): [string, ts.Symbol] => [
      symbol.name,
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    ])
    .filter(([, symbol]) => !fileOf(symbol).includes('node_modules'))
}

/** Methods and accessors that applications call, those that are inherited apart. */
function methods(symbol: ts.Symbol): ts.Symbol[] {
  const statics = symbol.flags & ts.SymbolFlags.Class ? [...(symbol.exports?.values() ?? [])] : []
  return [...(symbol.members?.values() ?? []), ...statics].filter(member => {
    const declaration = member.declarations?.[0]
    if (declaration === undefined || !(member.flags & (ts.SymbolFlags.Method | ts.SymbolFlags.Accessor))) return false
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
    // The compiler writes symbols (`[Symbol.dispose]`) as `__…`.
    return !/^(#|__)/.test(member.name) && !(ts.getCombinedModifierFlags(declaration) & hidden)
  })
}

/** `SyncRepository` and `AsyncDatabase` have the methods of `Repository` and `Database`, which are documented there. */
function isMirrored(name: string, method: ts.Symbol, among: ReadonlyMap<string, ts.Symbol>): boolean {
  const original = among.get(name.replace(/^(Sync|Async)/, ''))
  const type = original && name !== original.name ? checker.getDeclaredTypeOfSymbol(original) : undefined
  const same = type?.getProperty(method.name)
  return same !== undefined && isDocumented(same)
}

describe.each(Object.entries(entries))('%s', (_, file) => {
  test('exports nothing that is not documented', () => {
    expect(exported(file).length).toBeGreaterThan(0)
    const without = exported(file).filter(([, symbol]) => !isDocumented(symbol))
    expect(without.map(([name, symbol]) => `${name} (${fileOf(symbol)})`)).toEqual([])
  })

  test('has no method that is not documented', () => {
    const all = new Map(exported(file))
    const without = Array.from(all).flatMap(([name, symbol]) =>
      methods(symbol)
        .filter(method => !isDocumented(method) && !isMirrored(name, method, all))
        .map(method => `${name}.${method.name} (${fileOf(method)})`),
    )
    expect(without).toEqual([])
  })
})
