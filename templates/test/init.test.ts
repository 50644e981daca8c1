/** The starter projects as `sochdb init` writes them: built by their own scripts, and started. */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Server } from '../../packages/nestjs/test/support/server.js'
import { temporaryDirectory } from '../../packages/sochdb/test/support/temporary.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const directory = temporaryDirectory()
let server: Server | undefined
afterEach(() => server?.stop('SIGKILL'))

function run(cwd: string, program: string, ...options: readonly string[]): string {
  const { NODE_OPTIONS: _, ...env } = process.env
  const { status, stdout, stderr, error } = spawnSync(program, options, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${options.join(' ')}: ${String(error ?? '')}\n${stdout}\n${stderr}`)
  return stdout
}

/** A project made from a template, with what installing it would bring. */
function project(template: string, command = join(root, 'packages', 'sochdb', 'bin', 'sochdb.js')): string {
  const folder = directory(template)
  run(root, process.execPath, command, 'init', folder, '--template', template)
  install(join(root, 'templates', template, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Links the packages of one folder into another, and the commands that scripts call. */
function install(from: string, to: string): void {
  mkdirSync(join(to, '.bin'), { recursive: true })
  for (const name of readdirSync(from).filter(entry => !entry.startsWith('.'))) {
    if (name.startsWith('@')) install(join(from, name), join(to, name))
    else symlinkSync(realpathSync(join(from, name)), join(to, name))
  }
  for (const [name, file] of Object.entries({ sochdb: 'sochdb/bin/sochdb.js', tsc: 'typescript/bin/tsc' })) {
    if (existsSync(join(to, file))) symlinkSync(join(to, file), join(to, '.bin', name))
  }
}

const generated = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, 'sochdb'), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')]),
  )

test('node: builds, and runs on what an earlier run left', () => {
  const folder = project('node')
  const client = generated(folder)
  run(folder, 'npm', 'run', 'build')
  expect(generated(folder)).toEqual(client)
  expect(run(folder, 'npm', 'start')).toContain('Engines by ada@example.com')
  expect(run(folder, 'npm', 'start')).toContain('notes: 2')
})

test('nestjs: builds, serves, and keeps what it was given over a restart', async () => {
  const folder = project('nestjs')
  const client = generated(folder)
  run(folder, 'npm', 'run', 'build')
  expect(generated(folder)).toEqual(client)

  server = await Server.start(folder, { DATABASE: 'notes.soch' })
  const note = { email: 'ada@example.com', title: 'Engines' }
  const { status, body } = await server.ask('POST', '/notes', { body: note })
  expect([status, body]).toEqual([201, expect.objectContaining({ title: 'Engines', stars: 0 })])
  const { id } = body as { id: string }
  expect((await server.ask('POST', '/notes', { body: { ...note, title: '' } })).status).toBe(400)
  expect((await server.ask('POST', '/notes', { body: { ...note, email: 'ada' } })).status).toBe(400)
  expect((await server.ask('PATCH', `/notes/${id}`, { body: { stars: { increment: 2 } } })).body).toMatchObject({
    stars: 2,
  })
  expect((await server.ask('GET', '/health')).status).toBe(200)
  expect(await server.stop('SIGTERM')).toBe('SIGTERM')

  server = await Server.start(folder, { DATABASE: 'notes.soch' })
  expect((await server.ask('GET', '/notes')).body).toEqual([
    expect.objectContaining({ id, stars: 2, author: expect.objectContaining({ email: 'ada@example.com' }) }),
  ])
  expect((await server.ask('DELETE', `/notes/${id}`)).status).toBe(204)
  expect((await server.ask('GET', `/notes/${id}`)).status).toBe(404)
  await server.stop('SIGTERM')
})

test('the packed package writes the same projects', () => {
  const staged = directory('staged')
  mkdirSync(staged)
  const source = join(root, 'packages', 'sochdb')
  for (const part of ['bin', 'dist']) cpSync(join(source, part), join(staged, part), { recursive: true })
  const { scripts, ...manifest } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
    readonly files: readonly string[]
  }
  writeFileSync(join(staged, 'package.json'), JSON.stringify(manifest))
  // What `prepack` does, into the staged package.
  expect(scripts).toMatchObject({ prepack: 'node ../../scripts/templates.mjs' })
  run(root, process.execPath, 'scripts/templates.mjs', `--out=${join(staged, 'templates')}`)
  run(staged, 'npm', 'pack', '--silent')
  const tarball = readdirSync(staged).find(name => name.endsWith('.tgz'))!
  run(staged, 'tar', '-xzf', tarball)

  expect(readdirSync(join(staged, 'templates'))).toEqual(expect.arrayContaining(['nestjs', 'node']))
  const list = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort()
  for (const template of readdirSync(join(staged, 'templates'))) {
    const [ours, packed] = [directory(`ours/${template}`), directory(`packed/${template}`)]
    run(root, process.execPath, join(source, 'bin', 'sochdb.js'), 'init', ours, '--template', template)
    run(root, process.execPath, join(staged, 'package', 'bin', 'sochdb.js'), 'init', packed, '--template', template)
    expect(list(packed)).toEqual(list(ours))
    for (const path of list(ours)) expect(readFileSync(join(packed, path))).toEqual(readFileSync(join(ours, path)))
  }
})
