import { generate } from '@sochdb/generator'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from './compile.js'
import { root, schemaFile, shopSchema, TestProject } from './project.js'

const use = readFileSync(join(root, 'generator/test/typing/use.ts.txt'), 'utf8')

// The compiler runs as a process of its own.
const timeoutMs = 180_000

test(
  'the generated client compiles under every strict option, and its types say what they promise',
  async () => {
    using project = new TestProject({ 'sochdb.schema.ts': shopSchema, 'use.ts': use })
    await generate({ cwd: project.directory })
    expect(
      compile(project, ['use.ts', ...project.list('sochdb/generated').filter(isTypescript).map(inGenerated)]).errors,
    ).toBe('')
  },
  timeoutMs,
)

test(
  'a wrong use is an error: the compiler of the test before looks at it',
  async () => {
    using project = new TestProject({
      'sochdb.schema.ts': shopSchema,
      'use.ts': use.replaceAll(/.*@ts-expect-error.*\n/g, ''),
    })
    await generate({ cwd: project.directory })
    const { errors } = compile(project, ['use.ts'])
    expect(errors.split('\n')).toHaveLength(use.match(/@ts-expect-error/g)!.length)
  },
  timeoutMs,
)

test(
  'names that meet, names that are words, and JSON of every shape still compile',
  async () => {
    using project = new TestProject({ 'sochdb.schema.ts': awkward })
    const { problems } = await generate({ cwd: project.directory })
    expect(problems).toEqual([])
    const files = project.list('sochdb/generated').filter(isTypescript).map(inGenerated)
    expect(compile(project, files).errors).toBe('')
    const json = project.read('sochdb/generated/models/shapes.ts')
    expect(json).toContain(`  literal: "it's" | 5 | true | null\n`)
    expect(json).toContain('  tuple: [string, number, ...boolean[]]\n')
    expect(json).toContain('  record: { [key: string]: (string | number)[] }\n')
    expect(json).toContain('  children: ShapeTree[]\n')
    expect(project.read('sochdb/generated/models/user.ts')).toContain(`export type UserRoleValue = 'a' | 'b'`)
  },
  timeoutMs,
)

const awkward = schemaFile(`const id = col.uuid().primaryKey()
const tree = z.object({ name: z.string(), get children() { return z.array(tree) } })
export default defineSchema({
  tables: {
    user: table('user', { id, role: col.enum('a', 'b') }),
    users: table('users', { id, class: col.text(), default: col.text(), delete: col.text().nullable() }),
    user_roles: table('user_roles', { id }),
    userRoles: table('userRoles2', { id }),
    clients: table('clients', { id }),
    repositories: table('repositories', { id }),
    dateFilters: table('dateFilters', { id, at: col.timestamp() }),
    statuses: table('statuses', { id }),
    people: table('people', { id, other: col.uuid() }),
    counters: table('counters', { n: col.integer().primaryKey(), m: col.vector(3) }),
    moments: table('moments', { at: col.timestamp(), big: col.bigint() }).primaryKey('at', 'big'),
    shapes: table('shapes', {
      id,
      tree: col.json(tree),
      nested: col.json(z.object({ tree, other: tree.optional() })),
      any: col.json(z.any()),
      unknown: col.json(z.unknown()).nullable(),
      list: col.json(z.array(z.union([z.string(), z.object({ a: z.number() })]))),
      deep: col.json(z.object({
        literal: z.union([z.literal("it's"), z.literal(5), z.literal(true), z.null()]),
        tuple: z.tuple([z.string(), z.number()]).rest(z.boolean()),
        record: z.record(z.string(), z.array(z.union([z.string(), z.number()]))),
        keyed: z.partialRecord(z.enum(['a', 'b-c']), z.number()),
        both: z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
        loose: z.looseObject({ a: z.string() }),
        'odd-key': z.string().nullable().default(null),
        nothing: z.never().optional(),
        empty: z.object({}),
      })),
    }),
  },
  relations: { users: { user: one('user', 'id'), all: many('users.id') }, user: { users: many('users.id'), friends: manyToMany('users', { through: 'people', from: 'id', to: 'other' }) } },
  collections: {
    users_meta: collection('users_meta', { dimension: 3, metadata: z.object({ a: z.string().nullable(), 'b c': z.number().optional() }) }),
    open: collection('open', { dimension: 3, metadata: z.record(z.string(), z.unknown()) }),
  },
})`)

function isTypescript(file: string): boolean {
  return file.endsWith('.ts')
}

function inGenerated(file: string): string {
  return `sochdb/generated/${file}`
}
