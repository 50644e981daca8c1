/** Schemas with a mistake at a marked place, and the problem that is found there. */
import { loadSchema, type LoadedSchema, type Problem } from '@sochdb/generator'
import { join } from 'node:path'
import { schemaFile, TestProject } from './project.js'

const marker = '/*!*/'

interface Marked {
  readonly text: string
  readonly line: number
  readonly column: number
}

/** Takes the marker out and says where it stood. */
export function unmark(marked: string): Marked {
  const offset = marked.indexOf(marker)
  const lines = marked.slice(0, offset).split('\n')
  return { text: marked.replace(marker, ''), line: lines.length, column: lines.at(-1)!.length + 1 }
}

export async function load(files: Readonly<Record<string, string>>): Promise<LoadedSchema> {
  using project = new TestProject(files)
  return await loadSchema(join(project.directory, 'sochdb.schema.ts'))
}

export async function expectProblem(body: string, code: string, part: string): Promise<Problem> {
  const { text, line, column } = unmark(schemaFile(body))
  const { problems } = await load({ 'sochdb.schema.ts': text })
  const found = problems.filter(problem => problem.code === code)
  expect(problems.map(problem => `${problem.code}: ${problem.message}`)).toContainEqual(expect.stringContaining(code))
  const at = found.find(problem => problem.location?.line === line && problem.location.column === column)
  if (at === undefined)
    expect(found.map(problem => problem.location?.frame).join('\n')).toBe(`${code} at ${line}:${column}`)
  expect(at!.message + (at!.hint ?? '')).toContain(part)
  return at!
}
