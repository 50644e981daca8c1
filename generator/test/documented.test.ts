/**
 * Documentation of generated clients: pages, and the section of docs/generate.md on graphs and key spaces. The first example of each is
 * the schema, those with a name are files beside it, and the others are one program over what these give rise to.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { generate } from '@sochdb/generator'
import * as client from 'sochdb/client'
import ts from 'typescript'

import { comparing } from '../../packages/sochdb/test/support/pages.js'
import { compile } from './compile.js'
import { root, TestProject } from './project.js'

const read = (page: string): string => readFileSync(join(root, 'docs', page), 'utf8')
const texts: Readonly<Record<string, string>> = {
  'docs/client.md': read('client.md'),
  'docs/coming-from/drizzle.md': read('coming-from/drizzle.md'),
  'docs/coming-from/prisma.md': read('coming-from/prisma.md'),
  'docs/generate.md': /^## Graphs and key spaces\n(.*?)^## /ms.exec(read('generate.md'))![1]!,
}

const timeoutMs = 180_000

/** Kysely is made when it is asked for, which nothing here does. */
const packages: Readonly<Record<string, unknown>> = { kysely: {}, '@sochdb/kysely': {}, 'sochdb/client': client }

/** Runs a module of the project, and what it imports, each of them once. */
function load(project: TestProject, path: string, loaded: Map<string, { exports: unknown }>): unknown {
  const known = loaded.get(path)
  if (known !== undefined) return known.exports
  const module: { exports: unknown } = { exports: {} }
  loaded.set(path, module)
  const { outputText } = ts.transpileModule(project.read(path), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  })
  const require = (name: string): unknown =>
    name.startsWith('.') ? load(project, join(path, '..', name.replace(/\.js$/, '.ts')), loaded) : packages[name]
  new Function('require', 'module', 'exports', outputText)(require, module, module.exports)
  return module.exports
}

test.each(Object.entries(texts))(
  'the examples of %s compile, run, and give what they say',
  async (_, text) => {
    const [schema, ...programs] = Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), match => match[1]!)
    const program = programs.join('\n')
    const files = Object.fromEntries(
      Array.from(text.matchAll(/^```ts (\S+)\n(.*?)^```$/gms), match => [match[1]!, match[2]!]),
    )
    using project = new TestProject({ 'sochdb.schema.ts': schema!, 'use.ts': program, ...files })
    expect((await generate({ cwd: project.directory })).problems).toEqual([])
    expect(compile(project, ['use.ts']).errors).toBe('')

    const compared: { line: number; actual: unknown; expected: unknown }[] = []
    const compare = (line: number, actual: unknown, expected: unknown): void =>
      void compared.push({ line, actual, expected })
    const { outputText } = ts.transpileModule(comparing(program), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    })
    const body = outputText.replaceAll(/^import .*$/gm, '').replace(/^export \{.*\};?$/m, '')
    const loaded = new Map<string, { exports: unknown }>()
    const { createClient } = load(project, 'sochdb/generated/client.ts', loaded) as { readonly createClient: unknown }
    const modules = Object.keys(files).map(file => load(project, file, loaded) as object)
    const AsyncFunction = (async () => undefined).constructor as new (
      ...args: string[]
    ) => (...args: unknown[]) => Promise<void>
    const given = {
      ...Object.assign({}, ...modules),
      createClient,
      sql: client.sql,
      compare,
      console: { log: () => undefined },
    }
    await new AsyncFunction(...Object.keys(given), body)(...Object.values(given))
    for (const { line, actual, expected } of compared)
      expect({ line, value: actual }).toEqual({ line, value: expected })
    expect(compared).toHaveLength(program.split('// →').length - 1)
  },
  timeoutMs,
)
