/**
 * What types cost the compiler: tables of twelve columns, and for each a function that inserts, reads, updates and loads a relation.
 * `node types.mjs [tables]` prints the compiler's own count of instantiations for the project's client and for its peers.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bench = dirname(fileURLToPath(import.meta.url))
const root = dirname(bench)
const count = Number(process.argv[2] ?? 100)
const numbers = Array.from({ length: count }, (_, i) => i)
const parentOf = i => Math.max(0, i - 1)
const isParent = i => i + 1 < count

/** Packages by name, and where each is found. */
const own = { sochdb: 'packages/sochdb', '@sochdb/schema': 'schema', '@sochdb/kysely': 'packages/kysely' }

const projects = {
  async sochdb(directory) {
    const tables = numbers.map(
      i => `const items${i} = table('items${i}', {
  id: col.uuid().primaryKey().default('uuid7'), parentId: col.uuid(), name: col.text(), note: col.text().nullable(),
  kind: col.enum('a', 'b', 'c').default('a'), count: col.integer().default(0), total: col.bigint().default(0n),
  ratio: col.real().nullable(), price: col.decimal(), active: col.boolean(),
  data: col.json(z.object({ a: z.string(), b: z.number() })), at: col.timestamp().default('now'),
})`,
    )
    const relations = numbers.map(i => {
      const children = isParent(i) ? `, children: many('items${i + 1}.parentId')` : ''
      return `items${i}: { parent: one('items${parentOf(i)}', 'parentId')${children} }`
    })
    const all = numbers.map(i => `items${i}`).join(', ')
    write(directory, 'sochdb.schema.ts', [
      `import { col, defineSchema, many, one, table } from '@sochdb/schema'\nimport { z } from 'zod'`,
      ...tables,
      `export default defineSchema({ tables: { ${all} }, relations: { ${relations.join(', ')} } })`,
    ])
    const { generate } = await import('../generator/dist/index.js')
    const { problems } = await generate({ cwd: directory })
    if (problems.length > 0) throw new Error(problems[0].message)
    write(directory, 'use.ts', [
      `import type { Client } from './sochdb/generated/index.js'`,
      ...numbers.map(
        i => `export async function use${i}(db: Client) {
  const row = await db.items${i}.insert({ parentId: 'p', name: 'n', price: '1.50', active: true, data: { a: 'x', b: 1 } })
  const rows = await db.items${i}.findMany({ where: { kind: { in: ['a'] }, count: { gt: 3 } }, orderBy: { at: 'desc' }, limit: 5 })
  await db.items${i}.update({ id: row.id }, { total: { increment: 5n } })
  const loaded = await db.items${i}.findFirst({ with: { parent: true } })
  return [rows[0]?.data.b, loaded?.parent?.name] as const
}`,
      ),
    ])
    return 'sochdb/generated'
  },

  async drizzle(directory) {
    const tables = numbers.map(
      i => `export const items${i} = sqliteTable('items${i}', {
  id: text().primaryKey(), parentId: text().notNull(), name: text().notNull(), note: text(),
  kind: text({ enum: ['a', 'b', 'c'] }).notNull().default('a'), count: integer().notNull().default(0),
  total: blob({ mode: 'bigint' }).notNull().default(0n), ratio: real(), price: numeric().notNull(),
  active: integer({ mode: 'boolean' }).notNull(), data: text({ mode: 'json' }).$type<{ a: string; b: number }>().notNull(),
  at: integer({ mode: 'timestamp_ms' }).notNull().default(new Date(0)),
})`,
    )
    const relations = numbers.map(i => {
      const children = isParent(i) ? `, children: many(items${i + 1}, { relationName: 'r${i + 1}' })` : ''
      const parent = `one(items${parentOf(i)}, { fields: [items${i}.parentId], references: [items${parentOf(i)}.id], relationName: 'r${i}' })`
      return `export const items${i}Relations = relations(items${i}, ({ one, many }) => ({ parent: ${parent}${children} }))`
    })
    write(directory, 'schema.ts', [
      `import { relations } from 'drizzle-orm'`,
      `import { blob, integer, numeric, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'`,
      ...tables,
      ...relations,
    ])
    write(directory, 'use.ts', [
      `import { and, desc, eq, gt, inArray, sql } from 'drizzle-orm'`,
      `import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core'\nimport * as schema from './schema.js'`,
      `type Db = BaseSQLiteDatabase<'async', void, typeof schema>`,
      ...numbers.map(
        i => `export async function use${i}(db: Db) {
  const { items${i}: items } = schema
  const [row] = await db.insert(items).values({ id: 'i', parentId: 'p', name: 'n', price: '1.50', active: true, data: { a: 'x', b: 1 } }).returning()
  const rows = await db.select().from(items).where(and(inArray(items.kind, ['a']), gt(items.count, 3))).orderBy(desc(items.at)).limit(5)
  await db.update(items).set({ total: sql\`\${items.total} + 5\` }).where(eq(items.id, row!.id))
  const loaded = await db.query.items${i}.findFirst({ with: { parent: true } })
  return [rows[0]?.data.b, loaded?.parent?.name] as const
}`,
      ),
    ])
    return undefined
  },

  async kysely(directory) {
    write(directory, 'db.ts', [
      `import type { Generated } from 'kysely'`,
      ...numbers.map(
        i => `export interface Items${i} {
  id: Generated<string>; parentId: string; name: string; note: string | null; kind: Generated<'a' | 'b' | 'c'>
  count: Generated<number>; total: Generated<bigint>; ratio: number | null; price: string; active: boolean
  data: { a: string; b: number }; at: Generated<Date>
}`,
      ),
      `export interface DB { ${numbers.map(i => `items${i}: Items${i}`).join('; ')} }`,
    ])
    write(directory, 'use.ts', [
      `import type { Kysely } from 'kysely'\nimport type { DB } from './db.js'`,
      ...numbers.map(
        i => `export async function use${i}(db: Kysely<DB>) {
  const row = await db.insertInto('items${i}').values({ parentId: 'p', name: 'n', price: '1.50', active: true, data: { a: 'x', b: 1 } }).returningAll().executeTakeFirstOrThrow()
  const rows = await db.selectFrom('items${i}').selectAll().where('kind', 'in', ['a']).where('count', '>', 3).orderBy('at', 'desc').limit(5).execute()
  await db.updateTable('items${i}').set(eb => ({ total: eb('total', '+', 5n) })).where('id', '=', row.id).execute()
  const loaded = await db.selectFrom('items${i}').leftJoin('items${parentOf(i)} as parent', 'parent.id', 'items${i}.parentId').select(['items${i}.id', 'parent.name']).executeTakeFirst()
  return [rows[0]?.data.b, loaded?.name] as const
}`,
      ),
    ])
    return undefined
  },

  /** Its generator reads the schema in WebAssembly. It would fetch a binary that it does not run: it is told that there is one. */
  async prisma(directory) {
    const models = numbers.map(
      i => `model Items${i} {
  id String @id @default(uuid())
  parentId String
  name String
  note String?
  kind String @default("a")
  count Int @default(0)
  total BigInt @default(0)
  ratio Float?
  price Decimal
  active Boolean
  data Json
  at DateTime @default(now())
  parent Items${parentOf(i)} @relation("r${i}", fields: [parentId], references: [id])
  ${isParent(i) ? `children Items${i + 1}[] @relation("r${i + 1}")` : ''}${i === 0 ? '\n  own Items0[] @relation("r0")' : ''}
}`,
    )
    write(directory, 'schema.prisma', [
      `generator client {\n  provider = "prisma-client"\n  output = "./generated"\n}`,
      `datasource db {\n  provider = "sqlite"\n}`,
      ...models,
    ])
    write(directory, 'prisma.config.ts', [
      `import { defineConfig } from 'prisma/config'`,
      `export default defineConfig({ schema: 'schema.prisma', datasource: { url: 'file:./x.db' } })`,
    ])
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' }
    run(join(directory, 'node_modules/prisma/build/index.js'), ['generate'], directory, env)
    write(directory, 'use.ts', [
      `import type { PrismaClient } from './generated/client.js'`,
      ...numbers.map(
        i => `export async function use${i}(db: PrismaClient) {
  const row = await db.items${i}.create({ data: { parentId: 'p', name: 'n', price: '1.50', active: true, data: { a: 'x', b: 1 } } })
  const rows = await db.items${i}.findMany({ where: { kind: { in: ['a'] }, count: { gt: 3 } }, orderBy: { at: 'desc' }, take: 5 })
  await db.items${i}.update({ where: { id: row.id }, data: { total: { increment: 5n } } })
  const loaded = await db.items${i}.findFirst({ include: { parent: true } })
  return [rows[0]?.data, loaded?.parent?.name] as const
}`,
      ),
    ])
    return 'generated'
  },
}

/** What each needs; a peer that is not installed is left out. */
const packages = {
  sochdb: [...Object.keys(own), 'kysely', 'zod'],
  prisma: ['prisma', '@prisma/client'],
  drizzle: ['drizzle-orm'],
  kysely: ['kysely'],
}

const where = name => {
  if (own[name] !== undefined) return join(root, own[name])
  return join(name === 'zod' ? join(root, 'schema/node_modules') : join(bench, 'node_modules'), name)
}

function write(directory, name, parts) {
  mkdirSync(dirname(join(directory, name)), { recursive: true })
  writeFileSync(join(directory, name), `${parts.join('\n')}\n`)
}

function run(program, args, cwd, env = process.env) {
  const ran = spawnSync(process.execPath, [program, ...args], { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (ran.status !== 0) throw new Error(`${program}: ${ran.stdout.slice(0, 4000)}${ran.stderr.slice(0, 4000)}`)
  return ran.stdout
}

function sizeOf(directory) {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + readFileSync(join(parentPath, name)).length, 0)
}

async function measure(peer) {
  const missing = packages[peer].filter(name => !existsSync(where(name)))
  if (missing.length > 0) return { peer, without: missing.join(', ') }
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'bench-types-')))
  try {
    for (const name of packages[peer]) {
      mkdirSync(dirname(join(directory, 'node_modules', name)), { recursive: true })
      symlinkSync(realpathSync(where(name)), join(directory, 'node_modules', name))
    }
    write(directory, 'package.json', ['{ "type": "module" }'])
    const generated = await projects[peer](directory)
    const compilerOptions = {
      ...{ target: 'ES2023', lib: ['ES2023', 'ESNext.Disposable'], module: 'NodeNext', strict: true },
      ...{ skipLibCheck: true, noEmit: true, types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
    }
    write(directory, 'tsconfig.json', [JSON.stringify({ compilerOptions, files: ['use.ts'] })])
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const said = run(tsc, ['-p', '.', '--extendedDiagnostics', '--pretty', 'false'], directory)
    const number = what => Number(new RegExp(`^${what}:\\s+([\\d.]+)`, 'm').exec(said)?.[1] ?? Number.NaN)
    const bytes = generated === undefined ? 0 : sizeOf(join(directory, generated))
    return {
      peer,
      instantiations: number('Instantiations'),
      types: number('Types'),
      seconds: number('Total time'),
      bytes,
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const lines = [['', 'instantiations', 'types', 'compiled in', 'generated']]
for (const peer of Object.keys(packages)) {
  const { without, instantiations, types, seconds, bytes } = await measure(peer)
  if (without !== undefined) lines.push([peer, `not installed: ${without}`, '', '', ''])
  else {
    const size = bytes === 0 ? 'nothing' : `${Math.round(bytes / 1024).toLocaleString('en')} kB`
    lines.push([peer, instantiations.toLocaleString('en'), types.toLocaleString('en'), `${seconds} s`, size])
  }
}
console.log(`${count} tables of 12 columns, ${count} functions\n`)
for (const line of lines) console.log(line.map((cell, i) => (i === 0 ? cell.padEnd(8) : cell.padStart(16))).join(''))
