/** examples/ci/migrations.yml: the steps of the job pass for a branch that is well, and the right one stops for one that is not. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sochdb } from './command.js'
import { root, schemaFile, TestProject } from './project.js'

interface Step {
  readonly name: string
  readonly run: string
}

/** The steps of the workflow that run something: of YAML, what that file uses. */
function stepsOf(text: string): Step[] {
  const items = text
    .slice(text.indexOf('\n    steps:\n'))
    .split(/^ {6}- /m)
    .slice(1)
  return items.flatMap((item): Step[] => {
    const plain = item.replace(/^\s*#.*\n/gm, '')
    const run = /^ {8}run: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/m.exec(plain)
    if (run === null) return []
    const [, block, line] = run
    return [{ name: /^name: (.*)$/m.exec(plain)![1]!, run: block?.replace(/^ {10}/gm, '') ?? `${line!}\n` }]
  })
}

const steps = stepsOf(readFileSync(join(root, 'examples/ci/migrations.yml'), 'utf8'))
const env = { ...process.env, NODE_OPTIONS: '', GITHUB_BASE_REF: 'main', GIT_CONFIG_GLOBAL: '/dev/null' }

const schema = (columns: string) =>
  schemaFile(
    `export default defineSchema({ tables: { apples: table('apples', { id: col.integer().primaryKey(), ${columns} }) } })`,
  )

/** A repository with a migration on `main`, and a branch whose working copy is open. */
async function repository(): Promise<TestProject> {
  const project = new TestProject({
    'sochdb.config.ts': `export default { database: './app.soch' }\n`,
    'sochdb.schema.ts': schema('name: col.text()'),
    '.gitignore': 'node_modules\n*.soch*\nbase\nbin\n',
  })
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: project.directory, env })
  expect(await sochdb(project, 'migrate dev --create-only --name init')).toMatchObject({ code: 0 })
  git('init', '-q', '-b', 'main')
  git('add', '-A')
  git('commit', '-q', '-m', 'main')
  git('update-ref', 'refs/remotes/origin/main', 'main')
  git('checkout', '-q', '-b', 'feature')
  return project
}

async function change(project: TestProject, columns: string): Promise<void> {
  project.write({
    'sochdb.schema.ts': schema(columns),
    'hints.json': '{ "renames": { "columns": { "apples.name": null } } }',
  })
  const hints = columns.includes('name') ? '' : '--hints hints.json'
  expect((await sochdb(project, `migrate dev --create-only --name change ${hints}`)).code).toBe(0)
}

/** The name of the step that fails; the commands run in this process. */
async function failingStep(project: TestProject): Promise<string | undefined> {
  for (const { name, run } of steps) {
    for (const line of run.split('\n').filter(one => one !== '' && one !== 'npm ci')) {
      const ok = line.startsWith('npx sochdb ')
        ? (await sochdb(project, line.slice('npx sochdb '.length))).code === 0
        : spawnSync('bash', ['-e', '-c', line], { cwd: project.directory, env }).status === 0
      if (!ok) return name
    }
  }
  return undefined
}

test('the job has the steps that a branch is to pass', () => {
  expect(steps.map(({ run }) => run).join('')).toBe(`npm ci
npx sochdb validate
npx sochdb generate --check
npx sochdb migrate check
npx sochdb migrate diff --exit-code
git worktree add --detach base "origin/$GITHUB_BASE_REF"
npx sochdb migrate deploy --database copy.soch --migrations base/sochdb/migrations --allow destructive --no-backup
npx sochdb migrate deploy --database copy.soch
npx sochdb migrate status --database copy.soch
`)
})

test('a branch that is well passes, as the shell runs it', async () => {
  using project = await repository()
  await change(project, 'name: col.text(), colour: col.text().nullable()')
  // Instead of npm: what is linked is what it would install, and the command is the built one.
  project.write({
    'bin/npm': '#!/bin/sh\nexit 0\n',
    'bin/npx': `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(root, 'packages/sochdb/bin/sochdb.js')}" "$@"\n`,
  })
  for (const name of ['npm', 'npx']) chmodSync(join(project.directory, 'bin', name), 0o755)
  const path = `${join(project.directory, 'bin')}:${process.env['PATH']!}`
  for (const { name, run } of steps) {
    const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', run], {
      cwd: project.directory,
      env: { ...env, PATH: path },
      encoding: 'utf8',
    })
    expect({ name, status, output: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ name, status: 0, output: '' })
  }
})

test.each<readonly [string, string, (project: TestProject) => Promise<void>]>([
  [
    'a schema that does not hold together',
    'The schema holds together',
    async project => {
      await change(project, 'name: col.text()')
      project.write({ 'sochdb.schema.ts': schema(`name: col.text().references('pears.id')`) })
    },
  ],
  [
    'a client that was not generated again',
    "The client that is committed is the schema's",
    async project => {
      await change(project, 'name: col.text(), colour: col.text().nullable()')
      rmSync(join(project.directory, 'sochdb/generated/client.ts'))
    },
  ],
  [
    'two heads',
    'Branches of migrations have been joined',
    async project => {
      await change(project, 'name: col.text(), colour: col.text().nullable()')
      const [, own] = project.list('sochdb/migrations').filter(file => file.endsWith('migration.json'))
      const theirs = own!.replace('change', 'theirs')
      for (const file of ['migration.json', 'ops.json']) {
        const text = project.read(`sochdb/migrations/${own!.replace('migration.json', file)}`)
        const id = own!.split('/')[0]!
        project.write({
          [`sochdb/migrations/${theirs.replace('migration.json', file)}`]: text.replace(
            id,
            id.replace('change', 'theirs'),
          ),
        })
      }
    },
  ],
  [
    'a change without a migration',
    'Every change of the schema is in a migration',
    async project => {
      project.write({ 'sochdb.schema.ts': schema('name: col.text(), colour: col.text().nullable()') })
      expect((await sochdb(project, 'generate')).code).toBe(0)
    },
  ],
  [
    'a migration that destroys',
    'The migrations of the branch, on the copy',
    project => change(project, 'colour: col.text().nullable()'),
  ],
])('%s stops at: %s', async (_, step, breakIt) => {
  using project = await repository()
  await breakIt(project)
  expect(await failingStep(project)).toBe(step)
})
