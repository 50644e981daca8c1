/** `sochdb init`: what it writes, what it says, and what it refuses. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/cli/run.js'
import { templateFiles, templateNames } from '../../src/cli/templates.js'

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const root = mkdtempSync(join(tmpdir(), 'sochdb-init-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let count = 0
const fresh = (name = `empty-${String(++count)}`): string => {
  const directory = join(root, name)
  mkdirSync(directory)
  return directory
}

async function sochdb(cwd: string, ...argv: readonly string[]): Promise<Ran> {
  const text = { stdout: '', stderr: '' }
  const output = (name: 'stdout' | 'stderr') => ({ write: (part: string) => void (text[name] += part) })
  const { signal } = new AbortController()
  const terminal = { cwd, env: {}, stdout: output('stdout'), stderr: output('stderr'), signal }
  const code = await run(argv, terminal, () => Promise.reject(new Error('init needs no generator')))
  return { code, ...text }
}

const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()

interface Manifest {
  readonly name: string
  readonly version: string
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
const manifestOf = (directory: string): Manifest =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest

test('there are templates, node among them', () => {
  expect(templateNames()).toEqual(expect.arrayContaining(['nestjs', 'node']))
})

const { version } = manifestOf(join(dirname(fileURLToPath(import.meta.url)), '..', '..'))

describe.each(templateNames())('the template %s', name => {
  test('is written into an empty folder, and is a project of its own', async () => {
    const directory = fresh(`project-${name}`)
    const { code, stdout, stderr } = await sochdb(directory, 'init', '--template', name)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const files = filesIn(directory)
    expect(files).toEqual(expect.arrayContaining(['.gitignore', 'package.json', 'sochdb.schema.ts', 'tsconfig.json']))
    expect(files.filter(path => /node_modules|(^|\/)(dist|\.next)\/|\.soch|tsbuildinfo/.test(path))).toEqual([])
    expect(stdout).toMatch(
      new RegExp(`^Here: ${String(files.length)} files written, the template "${name}". Next:\n  npm install\n`),
    )

    const { name: called, dependencies, devDependencies, scripts } = manifestOf(directory)
    expect(called).toBe(`project-${name}`)
    expect(JSON.stringify({ dependencies, devDependencies })).not.toContain('workspace:')
    expect(dependencies).toMatchObject({ sochdb: `^${version}`, '@sochdb/schema': `^${version}` })
    for (const [, script] of stdout.matchAll(/^ {2}npm (?:run )?(build|start|dev)$/gm))
      expect(scripts).toHaveProperty(script!)
    // Nothing outside the folder is referred to.
    for (const path of files.filter(file => /\.(json|ts|tsx|mjs|js)$/.test(file) && !file.includes('generated/'))) {
      const up = '../'.repeat(path.split('/').length)
      expect(readFileSync(join(directory, path), 'utf8')).not.toContain(up)
    }
  })
})

test('node is the template where none is named; a directory is made', async () => {
  const cwd = fresh()
  const { code, stdout } = await sochdb(cwd, 'init', 'My App')
  expect(code).toBe(0)
  expect(stdout).toContain("Next:\n  cd 'My App'\n  npm install\n  npm run build\n  npm start\n")
  expect(manifestOf(join(cwd, 'My App')).name).toBe('my-app')
  expect(filesIn(join(cwd, 'My App'))).toEqual(templateFiles('node').map(({ path }) => path))
})

test('--json prints the files and what to do next', async () => {
  const cwd = fresh()
  const { code, stdout, stderr } = await sochdb(cwd, 'init', 'app', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual({
    ok: true,
    template: 'node',
    directory: join(cwd, 'app'),
    files: filesIn(join(cwd, 'app')),
    next: ['cd app', 'npm install', 'npm run build', 'npm start'],
  })
})

test('other files in the folder are left alone', async () => {
  const cwd = fresh()
  writeFileSync(join(cwd, 'LICENSE'), 'mine')
  expect((await sochdb(cwd, 'init')).code).toBe(0)
  expect(readFileSync(join(cwd, 'LICENSE'), 'utf8')).toBe('mine')
})

test('a file that is there is not overwritten, and nothing is written', async () => {
  const cwd = fresh()
  writeFileSync(join(cwd, 'package.json'), '{}')
  expect(await sochdb(cwd, 'init')).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error 1 file of the template is there already: package.json. Nothing was written. Name a folder that is empty, or new: sochdb init my-app\n',
  })
  expect(filesIn(cwd)).toEqual(['package.json'])
  expect(readFileSync(join(cwd, 'package.json'), 'utf8')).toBe('{}')
})

test('a second time it refuses, and says of how many files', async () => {
  const cwd = fresh()
  await sochdb(cwd, 'init')
  const { code, stdout } = await sochdb(cwd, 'init', '--json')
  expect(code).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    error: { code: 'files_exist', message: expect.stringMatching(/ and \d+ more\./) },
  })
})

test('a link that leads nowhere is a file that is there', async () => {
  const cwd = fresh()
  symlinkSync(join(root, 'nowhere'), join(cwd, 'tsconfig.json'))
  expect(await sochdb(cwd, 'init')).toMatchObject({ code: 2, stderr: expect.stringContaining('tsconfig.json') })
  expect(existsSync(join(root, 'nowhere'))).toBe(false)
})

test.each<[string, (cwd: string) => string, string]>([
  ['a file in the place of the folder', cwd => (writeFileSync(join(cwd, 'app'), ''), 'app'), 'app is not a directory'],
  [
    'a file in the place of a folder below',
    cwd => (writeFileSync(join(cwd, 'src'), ''), '.'),
    'The project was not written',
  ],
  ['a folder below a file', cwd => (writeFileSync(join(cwd, 'file'), ''), 'file/app'), 'The project was not written'],
])('%s is an error, and leaves nothing', async (_, make, message) => {
  const cwd = fresh()
  const directory = make(cwd)
  const before = filesIn(cwd)
  const { code, stderr } = await sochdb(cwd, 'init', directory)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
  expect(filesIn(cwd)).toEqual(before)
  expect(readdirSync(cwd)).toEqual(before)
})

;(process.getuid?.() === 0 ? test.skip : test)('a folder that cannot be written is an error', async () => {
  const cwd = fresh()
  chmodSync(cwd, 0o500)
  expect(await sochdb(cwd, 'init')).toMatchObject({ code: 2, stderr: expect.stringContaining('EACCES') })
  chmodSync(cwd, 0o700)
})

test.each<[string, string[], string]>([
  [
    'an unknown template',
    ['init', '--template', 'rails'],
    `There is no template "rails". There are: ${templateNames().join(', ')}.`,
  ],
  ['a path as a template', ['init', '--template', '../docs'], 'There is no template "../docs".'],
  ['an empty template', ['init', '--template='], '--template needs a name.'],
  ['an empty directory', ['init', ''], '"init" needs the path of a directory, or none.'],
  ['two directories', ['init', 'a', 'b'], '"init" takes no argument "b".'],
  ['an option of another command', ['init', '--out', 'x'], '"init" takes no option --out.'],
  ['a template elsewhere', ['generate', '--template', 'node'], '"generate" takes no option --template.'],
])('%s is refused with 2', async (_, argv, message) => {
  const cwd = fresh()
  const { code, stdout, stderr } = await sochdb(cwd, ...argv)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
  expect(readdirSync(cwd)).toEqual([])
})
