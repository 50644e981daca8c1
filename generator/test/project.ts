/** Throw-away projects for tests: a directory whose `node_modules` links to this repository's packages. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import wasm from 'node-sqlite3-wasm'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

const links: Readonly<Record<string, string>> = {
  '@sochdb/schema': 'schema',
  '@sochdb/generator': 'generator',
  '@sochdb/kysely': 'packages/kysely',
  sochdb: 'packages/sochdb',
  zod: 'schema/node_modules/zod',
  kysely: 'packages/kysely/node_modules/kysely',
  'node-sqlite3-wasm': 'node_modules/node-sqlite3-wasm',
}

export class TestProject {
  readonly directory: string

  constructor(files: Readonly<Record<string, string>>) {
    this.directory = realpathSync(mkdtempSync(join(tmpdir(), 'sochdb-generator-')))
    for (const [name, target] of Object.entries(links)) {
      const link = join(this.directory, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(root, target), link)
    }
    this.write({ 'package.json': '{ "type": "module" }\n', ...files })
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.directory, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8')
  }

  /** Every file below a folder, by path. */
  list(folder: string): string[] {
    return readdirSync(join(this.directory, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(join(this.directory, folder).length + 1))
      .sort()
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** A schema file around one part of it. */
export function schemaFile(body: string): string {
  return `import { cachePolicy, col, collection, defineSchema, edge, kv, many, manyToMany, node, one, table } from '@sochdb/schema'
import { z } from 'zod'

${body}
`
}

export const shopSchema = readFileSync(join(root, 'schema/test/fixtures/shop.schema.ts'), 'utf8')

/** Makes the SQLite file `shop.db`. */
export function sqlite(project: TestProject, script: string): string {
  const file = join(project.directory, 'shop.db')
  const db = new wasm.Database(file)
  db.exec(script)
  db.close()
  return file
}
