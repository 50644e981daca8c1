/** Every mistake a schema can hold is found at the place where it was made. A marker comment, taken out before loading, stands at the expected place. */
import type { Problem } from '@sochdb/generator'
import { expectProblem, load, unmark } from './mistakes.js'

const id = 'id: col.uuid().primaryKey()'
const orgs = `const orgs = table('orgs', { ${id}, n: col.integer() })\n`
const one = (columns: string, more = ''): string =>
  `export default defineSchema({ tables: { t: table('t', {\n  ${columns}\n})${more} } })`
const withOrgs = (columns: string, more = ''): string =>
  `${orgs}export default defineSchema({ tables: { orgs, t: table('t', {\n  ${id},\n  ${columns}\n})${more} } })`
const related = (relations: string): string =>
  `${orgs}const t = table('t', { ${id}, orgId: col.uuid(), n: col.integer() })\n` +
  `const pair = table('pair', { a: col.uuid(), b: col.uuid() }).primaryKey('a', 'b')\n` +
  `export default defineSchema({ tables: { orgs, t, pair }, relations: {\n  ${relations}\n} })`
const gathered = (options: string): string =>
  `export default defineSchema({ collections: { c: collection('c', {\n  dimension: 3, metadata: z.object({ a: z.string(), o: z.object({}) }),\n  ${options}\n}) } })`

const mistakes: readonly (readonly [promise: string, code: string, message: string, schema: string])[] = [
  [
    'a reference without a column',
    'reference_malformed',
    "Write it as 'table.column'",
    withOrgs("r: col.uuid()./*!*/references('orgs')"),
  ],
  [
    'a reference to no table',
    'reference_unknown_table',
    'Did you mean "orgs"?',
    withOrgs("r: col.uuid()./*!*/references('org.id')"),
  ],
  [
    'a reference to no column',
    'reference_unknown_column',
    'which is no column of table "orgs"',
    withOrgs("r: col.uuid()./*!*/references('orgs.idd')"),
  ],
  [
    'a reference of another type',
    'reference_type_mismatch',
    'of type text and orgs.id of type uuid',
    withOrgs("r: col.text()./*!*/references('orgs.id')"),
  ],
  [
    'a reference to what is not unique',
    'reference_not_unique',
    'neither a primary key nor unique',
    withOrgs("r: col.integer()./*!*/references('orgs.n')"),
  ],
  [
    'setNull without nullable',
    'reference_set_null',
    'Add .nullable()',
    withOrgs("r: col.uuid()./*!*/references('orgs.id', { onDelete: 'setNull' })"),
  ],
  [
    'relations of no table',
    'relation_unknown_table',
    'Did you mean "orgs"?',
    related("/*!*/org: { a: one('orgs', 'id') }"),
  ],
  [
    'a relation to no table',
    'relation_unknown_table',
    'leads to "org"',
    related("t: { /*!*/org: one('org', 'orgId') }"),
  ],
  [
    'a relation by no column',
    'relation_unknown_column',
    'Did you mean "orgId"?',
    related("t: { /*!*/org: one('orgs', 'orgID') }"),
  ],
  [
    'a relation of many by no column',
    'relation_unknown_column',
    'no column of table "t"',
    related("orgs: { /*!*/ts: many('t.org') }"),
  ],
  [
    'a relation between types',
    'relation_type_mismatch',
    'no value can be in both',
    related("t: { /*!*/org: one('orgs', 'n') }"),
  ],
  [
    'a relation to a key of two columns',
    'relation_composite_key',
    'the primary key of "pair" is a, b',
    related("t: { /*!*/pair: one('pair', 'orgId') }"),
  ],
  [
    'a relation named as a column',
    'name_duplicate',
    'has a column "n"',
    related("t: { /*!*/n: one('orgs', 'orgId') }"),
  ],
  [
    'a relation named as a filter word',
    'name_reserved',
    'cannot be named "AND"',
    related("t: { /*!*/AND: one('orgs', 'orgId') }"),
  ],
  [
    'no primary key',
    'primary_key_missing',
    'Table "t" has no primary key',
    "const t = /*!*/table('t', { a: col.text() })\nexport default defineSchema({ tables: { t } })",
  ],
  [
    'a key of no column',
    'primary_key_unknown_column',
    'which is no column',
    one('a: col.text()', "./*!*/primaryKey('b' as never)"),
  ],
  [
    'a key that names a column twice',
    'primary_key_duplicate_column',
    'twice',
    one('a: col.text()', "./*!*/primaryKey('a', 'a')"),
  ],
  ['a nullable key', 'primary_key_nullable', 'cannot be nullable', one('/*!*/a: col.text().primaryKey().nullable()')],
  ['a key without order', 'primary_key_type', 'its values have no order', one('/*!*/a: col.vector(3).primaryKey()')],
  [
    'two keys',
    'primary_key_twice',
    "For one key of all of them: .primaryKey('a', 'b')",
    one('a: col.text().primaryKey(),\n  /*!*/b: col.text().primaryKey()'),
  ],
  [
    'a key said twice',
    'primary_key_twice',
    'Keep one of them',
    one('a: col.text().primaryKey()', "./*!*/primaryKey('a')"),
  ],
  ['columns that differ in case', 'name_duplicate', 'differ in case only', one(`${id},\n  /*!*/ID: col.text()`)],
  ['a column with a reserved name', 'name_reserved', 'cannot be named "OR"', one(`${id},\n  /*!*/OR: col.text()`)],
  ['a column whose name is none', 'name_invalid', '"a-b" is not a name', one(`${id},\n  /*!*/'a-b': col.text()`)],
  ['an enum twice the same', 'enum_duplicate', 'lists "a" twice', one(`${id},\n  /*!*/e: col.enum('a', 'a')`)],
  [
    'a default outside the set',
    'default_enum',
    'Take one of "a", "b"',
    one(`${id},\n  e: col.enum('a', 'b')./*!*/default('c' as never)`),
  ],
  [
    'a default of the wrong type',
    'default_type',
    'takes a bigint of 64 bits, such as 0n as its default; got 5',
    one(`${id},\n  b: col.bigint()./*!*/default(5 as never)`),
  ],
  [
    'a default that is too large',
    'default_type',
    'whole number',
    one(`${id},\n  b: col.integer()./*!*/default(2 ** 60)`),
  ],
  [
    'a default NULL in a column without',
    'default_type',
    'Add .nullable()',
    one(`${id},\n  b: col.text()./*!*/default(null as never)`),
  ],
  [
    'a default against the schema',
    'default_schema',
    'does not satisfy',
    one(`${id},\n  b: col.text(z.email())./*!*/default('x')`),
  ],
  ['a dimension that is none', 'dimension_invalid', 'from 1 to 16384', one(`${id},\n  /*!*/v: col.vector(0)`)],
  [
    'a schema that is no data',
    'zod_unrepresentable',
    'cannot be written as JSON Schema',
    one(`${id},\n  /*!*/j: col.json(z.object({ at: z.date() }))`),
  ],
  [
    'a schema that transforms',
    'zod_unrepresentable',
    'transforms cannot be stored',
    one(`${id},\n  /*!*/j: col.json(z.object({ n: z.string().transform(Number) }))`),
  ],
  [
    'a schema with code, as a warning',
    'zod_code_dropped',
    'has refinements, which are code',
    one(`${id},\n  /*!*/j: col.json(z.object({ n: z.string().refine(n => n > 'a') }))`),
  ],
  [
    'text that is a number',
    'zod_type',
    'must describe a string; this one describes number',
    one(`${id},\n  /*!*/j: col.text(z.number() as never)`),
  ],
  [
    'an index of no column',
    'index_unknown_column',
    'which is no column',
    one(`${id}, a: col.text()`, "\n  .index('a')\n  ./*!*/index('b' as never)"),
  ],
  [
    'an index with a column twice',
    'index_duplicate_column',
    'twice',
    one(`${id}, a: col.text()`, "./*!*/index('a', 'a')"),
  ],
  [
    'an index that is there already',
    'index_duplicate',
    'does what index "t_a_idx" does already',
    one(`${id}, a: col.text()`, "\n  .index('a')\n  ./*!*/index('a')"),
  ],
  ['a unique index on the key', 'index_duplicate', 'does what its primary key does', one(id, "./*!*/unique('id')")],
  [
    'an index without order',
    'index_type',
    'which an index cannot order',
    one(`${id}, a: col.json(z.any())`, "./*!*/index('a')"),
  ],
  [
    'an index name taken',
    'name_duplicate',
    'is taken by an index',
    one(`${id}, a: col.text()`, "\n  .index('a')\n  ./*!*/index('id', 'a', { name: 't_a_idx' })"),
  ],
  [
    'a rename from a column that is there',
    'renamed_from_taken',
    'the table has a column of that name',
    one(`${id}, a: col.text(),\n  b: col.text()./*!*/renamedFrom('a')`),
  ],
  [
    'keyword search of nothing',
    'content_field_missing',
    'no text to search',
    gathered('/*!*/enableHybridSearch: true'),
  ],
  [
    'a content field that is not searched',
    'content_field_unused',
    'switches keyword search off',
    gathered("enableHybridSearch: false, /*!*/contentField: 'a'"),
  ],
  [
    'parts of product codes without product codes',
    'option_unused',
    'means something with the quantization pq only; this one is scalar',
    gathered("quantization: 'scalar', /*!*/pqNumSubvectors: 1"),
  ],
  [
    'centroids that no byte tells apart',
    'option_invalid',
    'pqNumCentroids is a whole number from 2 to 256; got 257',
    gathered("quantization: 'pq', /*!*/pqNumCentroids: 257"),
  ],
  ['a weight of nothing', 'option_invalid', 'above 0', gathered('contentField: { /*!*/a: 0 }')],
  [
    'a weighted field that is none',
    'content_field_unknown',
    'no field of the metadata',
    gathered('/*!*/contentField: { b: 1 }'),
  ],
  ['how text is searched, and no text', 'content_field_missing', 'names no contentField', gathered('/*!*/text: {}')],
  [
    'a language without stems',
    'option_invalid',
    'stemming is one of english, none',
    gathered("contentField: 'a', text: { /*!*/stemming: 'latin' }"),
  ],
  [
    'stop words that are none',
    'option_invalid',
    'stopWords is true, false',
    gathered("contentField: 'a', text: { /*!*/stopWords: [''] }"),
  ],
  [
    'a misspelt option of text',
    'option_unknown',
    'Did you mean "stopWords"?',
    gathered("contentField: 'a', text: { /*!*/stopwords: true }"),
  ],
  [
    'an indexed field that is none',
    'indexed_unknown_field',
    'no field of its metadata',
    gathered("/*!*/indexed: ['b']"),
  ],
  ['an indexed object', 'indexed_type', 'is an object', gathered("/*!*/indexed: ['o']")],
  ['a misspelt option', 'option_unknown', 'Did you mean "efSearch"?', gathered('/*!*/efsearch: 5')],
  ['an option out of range', 'option_invalid', 'm is a whole number from 2 to 64; got 1', gathered('/*!*/m: 1')],
  ['a metric that is none', 'option_invalid', 'cosine, euclidean, dotProduct', gathered("/*!*/metric: 'l2' as never")],
  [
    'a collection without dimension',
    'dimension_invalid',
    'has the dimension undefined',
    "export default defineSchema({ collections: { /*!*/c: collection('c', { metadata: z.object({}) } as never) } })",
  ],
  [
    'a name on the client twice',
    'name_duplicate',
    'is the name of tables.t already',
    `export default defineSchema({ tables: { t: table('t', { ${id} }) }, collections: { /*!*/t: collection('x', { dimension: 3, metadata: z.object({}) }) } })`,
  ],
  [
    'a name the client needs',
    'name_reserved',
    'the client has a property of that name',
    `export default defineSchema({ tables: { /*!*/sync: table('t', { ${id} }) } })`,
  ],
  [
    'a name that begins with $',
    'name_reserved',
    'is reserved',
    `export default defineSchema({ tables: { /*!*/$t: table('t', { ${id} }) } })`,
  ],
  [
    'keys that differ in case',
    'name_duplicate',
    'would be one on some systems',
    `export default defineSchema({ tables: { a: table('a', { ${id} }), /*!*/A: table('b', { ${id} }) } })`,
  ],
  [
    'a name in the store twice',
    'name_duplicate',
    `is taken by tables.a`,
    `export default defineSchema({ tables: { a: table('t', { ${id} }), /*!*/b: table('T', { ${id} }) } })`,
  ],
  [
    "a name of the engine's",
    'name_reserved',
    `engine's own`,
    `export default defineSchema({ tables: { /*!*/a: table('sochdb_a', { ${id} }) } })`,
  ],
  [
    'an edge to no node',
    'edge_unknown_node',
    'joins "Dok"',
    "export default defineSchema({ graph: { nodes: { Doc: node('Doc', z.object({})) }, edges: { /*!*/E: edge('E', 'Doc', 'Dok') } } })",
  ],
  [
    'a threshold that is none',
    'option_invalid',
    'over 0 and up to 1; got 2',
    "export default defineSchema({ caches: { c: cachePolicy('c', { dimension: 3, value: z.string(), /*!*/threshold: 2 }) } })",
  ],
  [
    'a member of a scope that calls have already',
    'scope_member_taken',
    'A scope has no member "tags"',
    "export default defineSchema({ caches: { c: cachePolicy('c', { dimension: 3, value: z.string(), /*!*/scope: z.object({ tags: z.string() }) }) } })",
  ],
  [
    'a key that is not text',
    'zod_type',
    'must describe a string',
    "export default defineSchema({ kv: { k: kv('k', { /*!*/key: z.number(), value: z.string() }) } })",
  ],
  [
    'an edge with the key of a node',
    'name_duplicate',
    '"Doc" is the name of graph.nodes.Doc already',
    "export default defineSchema({ graph: { nodes: { Doc: node('Doc', z.object({})) }, edges: { /*!*/Doc: edge('E', 'Doc', 'Doc') } } })",
  ],
  [
    'a rule for intervals of an edge that has none',
    'edge_rule_not_temporal',
    'has a rule for intervals, and no intervals',
    "export default defineSchema({ graph: { nodes: { A: node('A', z.object({})) }, edges: { /*!*/E: edge('E', 'A', 'A', undefined, { rule: 'oncePerEdge' }) } } })",
  ],
  [
    'a rule that there is not',
    'option_invalid',
    'rule',
    "export default defineSchema({ graph: { nodes: { A: node('A', z.object({})) }, edges: { /*!*/E: edge('E', 'A', 'A', undefined, { temporal: true, rule: 'twice' as 'any' }) } } })",
  ],
  [
    'a node with the name of what the graph has',
    'name_reserved',
    '"match" is reserved: the graph of the client',
    "export default defineSchema({ graph: { nodes: { /*!*/match: node('Match', z.object({})) } } })",
  ],
]

test.each(mistakes)('%s is found where it stands', async (_promise, code, message, schema) => {
  const problem = await expectProblem(schema, code, message)
  expect(problem.severity).toBe(problem.code === 'zod_code_dropped' ? 'warning' : 'error')
})

test('a declaration is found in the file that makes it, through imports, re-exports, namespaces and spreads', async () => {
  const users = unmark(`import { col, table } from '@sochdb/schema'
const stamps = { at: col.timestamp() }
export const users = table('users', {
  ...stamps,
  id: col.uuid().primaryKey(),
  bad: col.uuid()./*!*/references('nowhere.id'),
})
`)
  const { problems, files } = await load({
    'sochdb.schema.ts': `import { defineSchema } from '@sochdb/schema'
import * as tables from './tables/index.js'
const schema = defineSchema({ tables: { ...tables.all, posts: tables.posts } })
export { schema as default }
`,
    'tables/index.ts': `import { users as people } from './users.js'\nexport * from './posts.js'\nexport const all = { users: people }\n`,
    'tables/users.ts': users.text,
    'tables/posts.ts': `import { col, table } from '@sochdb/schema'\nexport const posts = table('posts', { id: col.uuid() })\n`,
  })
  const place = (problem: Problem): string =>
    `${problem.location!.file.split('/').slice(-2).join('/')}:${problem.location!.line}:${problem.location!.column}`
  const errors = problems.filter(problem => problem.severity === 'error')
  expect(errors.map(problem => `${problem.code} ${place(problem)}`).sort()).toEqual([
    'primary_key_missing tables/posts.ts:2:22',
    `reference_unknown_table tables/users.ts:${users.line}:${users.column}`,
  ])
  expect(files).toHaveLength(4)
})

test('a frame shows the lines around, with a caret under the place', async () => {
  const { location } = await expectProblem(
    withOrgs("r: col.uuid()./*!*/references('org.id')"),
    'reference_unknown_table',
    '',
  )
  expect(location!.frame).toBe(
    [
      `  5 | export default defineSchema({ tables: { orgs, t: table('t', {`,
      `  6 |   id: col.uuid().primaryKey(),`,
      `> 7 |   r: col.uuid().references('org.id')`,
      `    |                 ^`,
      `  8 | }) } })`,
      `  9 |`,
    ].join('\n'),
  )
})
