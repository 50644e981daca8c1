/** The examples of docs/schema.md are schemas that hold together. */
import { loadSchema } from '@sochdb/generator'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, schemaFile, TestProject } from './project.js'

const examples = [...readFileSync(join(root, 'docs/schema.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
  ([, text]) => text!,
)

async function problemsOf(text: string): Promise<string[]> {
  using project = new TestProject({ 'sochdb.schema.ts': text })
  const { problems } = await loadSchema(join(project.directory, 'sochdb.schema.ts'))
  return problems.map(({ code, message }) => `${code}: ${message}`)
}

test('the example at the head is a schema', async () => {
  const [whole] = examples
  expect(whole).toContain('export default defineSchema')
  expect(await problemsOf(whole!)).toEqual([])
})

test('so is the one of what tables declare', async () => {
  const lines = examples.find(text => text.startsWith('const lines = '))!
  const orders = `const orders = table('orders', { id: col.uuid().primaryKey() })\n`
  const schema = `${orders}${lines}\nexport default defineSchema({ casing: 'snake_case', tables: { orders, lines } })`
  expect(await problemsOf(schemaFile(schema))).toEqual([])
})
