/** Compiles a test project with tsc, strictly. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root, type TestProject } from './project.js'

/**
 * The generated client against its run time as declarations: what an application's compiler sees. `sochdb/client` is taken from
 * what the build has made, reduced to its types.
 */
const runtime = {
  'runtime/client.d.ts': `import type { CreateRuntimeClient } from '${join(root, 'packages/sochdb/dist/client/types.js')}'
import type { Sql } from '${join(root, 'packages/sochdb/dist/client/sql.js')}'
export type * from '${join(root, 'packages/sochdb/dist/client/types.js')}'
export type * from '${join(root, 'packages/sochdb/dist/client/repository-types.js')}'
export type * from '${join(root, 'packages/sochdb/dist/client/collection-types.js')}'
export type * from '${join(root, 'packages/sochdb/dist/client/cache-types.js')}'
export type * from '${join(root, 'packages/sochdb/dist/client/graph-types.js')}'
export type * from '${join(root, 'packages/sochdb/dist/client/kv-types.js')}'
export type * from '${join(root, 'packages/sochdb/dist/client/hook-types.js')}'
export declare const createClient: CreateRuntimeClient
export declare const sql: Sql
`,
  'runtime/dialect.d.ts': `import type { DatabaseIntrospector, Dialect, DialectAdapter, Driver, QueryCompiler } from 'kysely'
import type { QueryTarget } from 'sochdb/client'
export declare class SochdbDialect implements Dialect {
  constructor(config: { readonly database: QueryTarget })
  createDriver(): Driver
  createQueryCompiler(): QueryCompiler
  createAdapter(): DialectAdapter
  createIntrospector(db: object): DatabaseIntrospector
}
`,
}

export interface Compiled {
  /** What the compiler says of the project's own files; empty when all is well. */
  readonly errors: string
  readonly instantiations: number
}

/** @param files What to compile; the rest only as it is imported. */
export function compile(project: TestProject, files: readonly string[], compilerOptions: object = {}): Compiled {
  const paths = { 'sochdb/client': ['./runtime/client.d.ts'], '@sochdb/kysely': ['./runtime/dialect.d.ts'] }
  const options = {
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    paths,
    ...compilerOptions,
  }
  project.write({ ...runtime, 'tsconfig.json': JSON.stringify({ compilerOptions: options, files }) })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const ran = spawnSync(process.execPath, [tsc, '-p', '.', '--extendedDiagnostics', '--pretty', 'false'], {
    cwd: project.directory,
    encoding: 'utf8',
  })
  const lines = ran.stdout.split('\n')
  // The sources behind the types are checked by the repository's own build.
  const errors = lines
    .filter(line => /error TS\d+/.test(line) && !line.startsWith('..') && !line.startsWith('/'))
    .join('\n')
  return { errors, instantiations: Number(/^Instantiations:\s+(\d+)/m.exec(ran.stdout)?.[1] ?? Number.NaN) }
}
