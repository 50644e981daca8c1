/** docs/migrations.md: its files are written and its commands run, in their order, and print what the page says. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sochdb } from './command.js'
import { root, sqlite, TestProject } from './project.js'

interface Block {
  readonly info: string
  readonly text: string
}

const page = readFileSync(join(root, 'docs/migrations.md'), 'utf8')
const blocks = Array.from(page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm), ([, info, text]): Block => {
  return { info: info!, text: text! }
})

/** What differs from run to run. */
const plain = (text: string): string =>
  text
    .replace(/\d{14}_/g, '<time>_')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<when>')
    .replace(/schema [0-9a-f]{12}/g, 'schema <hash>')

async function shell(project: TestProject, line: string): Promise<string> {
  const [command, ...rest] = line.split(' || ')
  const { stdout, stderr, code } = await sochdb(project, command!.replace('npx sochdb ', ''))
  expect({ line, stderr, failed: code !== 0 }).toEqual({ line, stderr: '', failed: rest.length > 0 })
  return stdout
}

test('the commands of the page print what it shows', async () => {
  using project = new TestProject({})
  let commands = 0
  for (const { info, text } of blocks) {
    const [, file] = info.split(' ')
    if (file?.endsWith('.sql')) sqlite(project, text)
    else if (file !== undefined) project.write({ [file]: text })
    if (info !== 'sh') continue
    for (const call of text.split(/^\$ /m).slice(1)) {
      const [line, ...shown] = call.split('\n')
      commands++
      expect(plain(await shell(project, line!))).toBe(shown.join('\n'))
    }
  }
  expect(commands).toBe(7)
})

test('the program of the page applies what the commands wrote', async () => {
  using project = new TestProject({})
  const [schema] = blocks.filter(({ info }) => info === 'ts sochdb.schema.ts')
  project.write({ 'sochdb.schema.ts': schema!.text })
  await shell(project, 'npx sochdb migrate dev --name init')
  const program = blocks.find(({ info, text }) => info === 'ts' && text.includes('migrate('))!
  project.write({ 'deploy.mjs': program.text })
  const { stdout, stderr } = spawnSync(process.execPath, ['deploy.mjs'], {
    cwd: project.directory,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  expect({ stdout: plain(stdout), stderr }).toEqual({ stdout: "[ '<time>_init' ]\n", stderr: '' })
})
