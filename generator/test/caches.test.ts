import { generate } from '@sochdb/generator'

import { compile } from './compile.js'
import { TestProject } from './project.js'

const schema = `import { cachePolicy, defineSchema } from '@sochdb/schema'
import { z } from 'zod'
export default defineSchema({
  caches: {
    answers: cachePolicy('answers', {
      dimension: 768, threshold: 0.93, scope: z.object({ orgId: z.uuid(), model: z.string() }),
      value: z.object({ text: z.string(), sources: z.array(z.string()).default([]) }) }),
    plain: cachePolicy('plain', { dimension: 3, value: z.string() }),
  },
})
`

const use = `import { createClient } from './sochdb/generated/index.js'
import type { AnswersScope, AnswersValue } from './sochdb/generated/index.js'
const db = createClient({ path: './app.soch', embed: async text => [text.length] })
const scope: AnswersScope = { orgId: 'o', model: 'm' }
export const answer: AnswersValue = await db.answers.wrap({ prompt: 'q', ...scope }, () => ({ text: 'a' }))
export const sources: string[] = answer.sources
export const hit: string | undefined = (await db.answers.get({ prompt: 'q', ...scope }))?.value.text
await db.answers.put({ prompt: 'q', ...scope, value: { text: 'a' }, embedding: [1] })
export const plain: string = await db.plain.wrap({ prompt: 'q' }, () => 'a')
export const stale: boolean | undefined = db.sync.plain.get({ prompt: 'q' })?.stale
// @ts-expect-error a scope is complete
await db.answers.get({ prompt: 'q', orgId: 'o' })
// @ts-expect-error a value is what the schema says
await db.answers.wrap({ prompt: 'q', ...scope }, () => ({ text: 5 }))
`

// The compiler runs as a process of its own.
const timeoutMs = 180_000

test(
  'caches get clients with the types of their scopes and values',
  async () => {
    using project = new TestProject({ 'sochdb.schema.ts': schema, 'use.ts': use })
    const { problems } = await generate({ cwd: project.directory })
    expect(problems).toEqual([])
    const text = project.read('sochdb/generated/caches.ts')
    expect(text).toContain('export interface AnswersScope {\n  model: string\n  orgId: string\n}')
    expect(text).toContain('export type PlainScope = object')
    expect(text).toContain('export type PlainValue = string')
    expect(project.read('sochdb/generated/client.ts')).toContain(
      'readonly answers: TypedCache<AnswersScope, AnswersValue, AnswersValueInput>',
    )
    expect(compile(project, ['use.ts', 'sochdb/generated/caches.ts', 'sochdb/generated/client.ts']).errors).toBe('')
  },
  timeoutMs,
)
