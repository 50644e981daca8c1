/** Mistakes in what columns and tables say beyond types and keys, each found at the place where it was made. */
import { expectProblem } from './mistakes.js'

const id = 'id: col.uuid().primaryKey()'
const one = (columns: string, more = ''): string =>
  `export default defineSchema({ tables: { t: table('t', {\n  ${id},\n  ${columns}\n})${more} } })`
const years = `const years = table('years', { org: col.integer(), year: col.integer() }).primaryKey('org', 'year')\n`
const withYears = (columns: string, more: string): string =>
  `${years}export default defineSchema({ tables: { years, t: table('t', {\n  ${id},\n  ${columns}\n})${more} } })`

const between = (relation: string): string =>
  `const posts = table('posts', { ${id} })\nconst tags = table('tags', { id: col.text().primaryKey() })\n` +
  `const pairs = table('pairs', { postId: col.uuid(), tagId: col.text() }).primaryKey('postId', 'tagId')\n` +
  `export default defineSchema({ tables: { posts, tags, pairs }, relations: { posts: {\n  /*!*/tags: ${relation} } } })`

const mistakes: readonly (readonly [promise: string, code: string, message: string, schema: string])[] = [
  ['a stored name that is none', 'name_invalid', 'column of the store', one("a: col.text()./*!*/map('a b')")],
  [
    'a stored name twice',
    'name_duplicate',
    'both "b" in the store',
    one("a: col.text(),\n  c: col.text().map('b'),\n  b: col.text()").replace(
      'b: col.text()\n',
      '/*!*/b: col.text()\n',
    ),
  ],
  [
    'an update time that is none',
    'updated_at_type',
    'of type integer',
    one('a: (col.integer() as never as ReturnType<typeof col.timestamp>)./*!*/updatedAt()'),
  ],
  [
    'two counters',
    'autoincrement_twice',
    'a table has one counter',
    one("a: col.integer().default('autoincrement'),\n  b: col.bigint()./*!*/default('autoincrement')"),
  ],
  [
    'a counter that may be NULL',
    'default_type',
    'Drop .nullable()',
    one("a: col.integer().nullable()./*!*/default('autoincrement')"),
  ],
  [
    'a made key against the schema',
    'default_schema',
    'does not satisfy',
    one("a: col.text(z.email())./*!*/default('cuid2')"),
  ],
  ['a day that is none', 'default_type', "such as '2026-03-01'", one("a: col.date()./*!*/default('2026-02-30')")],
  ['nothing generated', 'generated_empty', 'give it an expression', one("a: col.text()./*!*/generatedAs(' ')")],
  [
    'a generated default',
    'generated_default',
    'it has no default',
    one("a: col.text().default('x')./*!*/generatedAs('1')"),
  ],
  ['an array of what JSON has not', 'array_type', 'col.json(z.array(', one('a: col.bigint()./*!*/array()')],
  [
    'an array of arrays',
    'array_type',
    'array of array values',
    one('a: col.text().array()./*!*/array()').replace('.array()./*!*/array()', './*!*/array().array()'),
  ],
  [
    'an array with NULL in it',
    'array_nullable',
    'Write .array().nullable()',
    one('a: col.text().nullable()./*!*/array()'),
  ],
  ['an array that is a key', 'array_key', 'a table of its own', one('a: col.text().unique()./*!*/array()')],
  [
    'an index of an array',
    'index_type',
    'is an array, which an index cannot order',
    one('a: col.text().array()', "./*!*/index('a')"),
  ],
  [
    'an array with a wrong default',
    'default_schema',
    'does not satisfy',
    one('a: col.text().array()./*!*/default([1] as never)'),
  ],
  ['no precision', 'precision_invalid', 'from 1 to 1000; got 0', one('/*!*/a: col.decimal(0)')],
  [
    'a scale over the precision',
    'precision_invalid',
    'from 0 to its precision; got 5',
    one('/*!*/a: col.decimal(4, 5)'),
  ],
  ['an index on no rows', 'index_where_empty', 'is empty', one('a: col.text()', "./*!*/index('a', { where: ' ' })")],
  [
    'a policy that is none',
    'index_policy_unknown',
    'Did you mean "balanced"?',
    one('a: col.text()', "./*!*/indexPolicy('balance' as never)"),
  ],
  [
    'an action that is none',
    'reference_action',
    'Did you mean "cascade"?',
    one("a: col.uuid()./*!*/references('t.id', { onDelete: 'cascad' as never })"),
  ],
  [
    'an action without a default',
    'reference_set_default',
    'Add .default(',
    one("a: col.uuid()./*!*/references('t.id', { onUpdate: 'setDefault' })"),
  ],
  [
    'a foreign key to no table',
    'reference_unknown_table',
    'Did you mean "years"?',
    withYears('a: col.integer()', "./*!*/foreignKey(['a'], 'year')"),
  ],
  [
    'a foreign key of no column',
    'reference_unknown_column',
    'Did you mean "year"?',
    withYears('a: col.integer()', "./*!*/foreignKey(['a', 'a'], 'years', { columns: ['org', 'yaer'] })"),
  ],
  [
    'a foreign key that is too short',
    'reference_columns',
    'has 1 columns and refers to 2',
    withYears('a: col.integer()', "./*!*/foreignKey(['a'], 'years')"),
  ],
  [
    'a foreign key to no key',
    'reference_not_unique',
    'no key together',
    withYears('a: col.integer()', "./*!*/foreignKey(['a'], 'years', { columns: ['org'] })"),
  ],
  [
    'a foreign key between types',
    'reference_type_mismatch',
    'of type text',
    withYears('a: col.text(),\n  b: col.integer()', "./*!*/foreignKey(['a', 'b'], 'years')"),
  ],
  [
    'a former name that is taken',
    'renamed_from_taken',
    'table "t" has that name',
    one('a: col.text()', "./*!*/renamedFrom('T')"),
  ],
  [
    'soft delete by no column',
    'softDelete_unknown_column',
    'Did you mean "gone"?',
    one('gone: col.timestamp().nullable()', "./*!*/softDelete('gonne' as never)"),
  ],
  [
    'soft delete by what is never NULL',
    'softDelete_column',
    'takes a nullable timestamp',
    one('gone: col.timestamp()', "./*!*/softDelete('gone')"),
  ],
  [
    'soft delete with a default',
    'softDelete_column',
    'every new row would be deleted',
    one("gone: col.timestamp().nullable().default('now')", "./*!*/softDelete('gone')"),
  ],
  [
    'a tenant that may be NULL',
    'tenant_column',
    "a row is somebody's",
    one('owner: col.text().nullable()', "./*!*/tenant('owner')"),
  ],
  [
    'an indexed property that is none',
    'indexed_unknown_field',
    'Did you mean "title"?',
    "export default defineSchema({ graph: { nodes: { /*!*/Doc: node('Doc', z.object({ title: z.string() }), { indexed: ['titel'] }) } } })",
  ],
]

const relations: typeof mistakes = [
  [
    'many to no table',
    'relation_unknown_table',
    'leads to "tag"',
    between("manyToMany('tag', { through: 'pairs', from: 'postId', to: 'tagId' })"),
  ],
  [
    'many through no table',
    'relation_unknown_table',
    'goes through "pair"',
    between("manyToMany('tags', { through: 'pair', from: 'postId', to: 'tagId' })"),
  ],
  [
    'many by no column',
    'relation_unknown_column',
    'Did you mean "tagId"?',
    between("manyToMany('tags', { through: 'pairs', from: 'postId', to: 'tagID' })"),
  ],
  [
    'many by columns that changed places',
    'relation_type_mismatch',
    'no value can be in both',
    between("manyToMany('tags', { through: 'pairs', from: 'tagId', to: 'postId' })"),
  ],
]

test.each([...mistakes, ...relations])('%s is found where it stands', async (_promise, code, message, schema) => {
  expect((await expectProblem(schema, code, message)).severity).toBe('error')
})
