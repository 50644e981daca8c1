/**
 * What is generated for the shop schema, file by file. After a change that is meant, look at the new files and keep them:
 * UPDATE_GOLDEN=1 npx jest generator/test/golden
 */
import { generate } from '@sochdb/generator'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root, shopSchema, TestProject } from './project.js'

const golden = join(root, 'generator/test/golden/shop')
const out = 'sochdb/generated'

// Kept with a further extension, so that no tool takes them for code of this repository.
const suffix = '.golden'

function goldenFiles(): string[] {
  return readdirSync(golden, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(golden.length + 1, -suffix.length))
    .sort()
}

test('the shop schema gives rise to the golden files', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': shopSchema })
  await generate({ cwd: project.directory })
  const generated = project.list(out)
  if (process.env['UPDATE_GOLDEN'] === '1') {
    rmSync(golden, { recursive: true, force: true })
    for (const file of generated) {
      mkdirSync(dirname(join(golden, file)), { recursive: true })
      writeFileSync(join(golden, file + suffix), project.read(`${out}/${file}`))
    }
  }
  expect(generated).toEqual(goldenFiles())
  for (const file of generated)
    expect(project.read(`${out}/${file}`)).toBe(readFileSync(join(golden, file + suffix), 'utf8'))
})
