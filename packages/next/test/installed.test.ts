/** The packages as they are installed: what other runtimes get of them, and where a prebuilt addon is found. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../../sochdb/test/support/temporary.js'

const own = join(dirname(fileURLToPath(import.meta.url)), '..')
const directory = temporaryDirectory()

function run(cwd: string, code: string, ...options: string[]): { readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [...options, '--input-type=module', '-e', code], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
}

describe.each(['edge-light', 'workerd', 'browser'])('under the condition %s', condition => {
  it.each(['@sochdb/next', 'sochdb', 'sochdb/client'])('loading %s says what to do', specifier => {
    const { stdout, stderr } = run(own, `await import('${specifier}')`, `--conditions=${condition}`)
    expect(stdout).toBe('')
    expect(stderr).toContain("remove `export const runtime = 'edge'`")
    expect(stderr).toContain('server action')
  })
})

it('under no condition of these, both are what they are', () => {
  const { stdout } = run(
    own,
    `console.log(Object.keys(await import('@sochdb/next')), typeof (await import('sochdb')).Database)`,
  )
  expect(stdout).toBe("[ 'closeShared', 'sharedClient', 'withSochdb' ] function\n")
})

it('prebuilt addons of this platform are among the files, wherever they are installed, and those of others are not', () => {
  const project = directory('project')
  const modules = join(project, 'node_modules')
  const put = (name: string, file: string, text: string, manifest: object = {}): void => {
    mkdirSync(join(modules, name), { recursive: true })
    writeFileSync(join(modules, name, file), text)
    writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name, ...manifest }))
  }
  put('sochdb', 'index.js', 'module.exports = {}', { main: 'index.js' })
  put('@sochdb/native', 'index.cjs', 'module.exports = {}', { main: 'index.cjs' })
  const platform = `${process.platform}-${process.arch}`
  put(`@sochdb/native-${platform}-gnu`, 'sochdb.node', '')
  put('@sochdb/native-other-cpu', 'sochdb.node', '')
  // pnpm's place for what a package depends on.
  put(`@sochdb/native/node_modules/@sochdb/native-${platform}`, 'sochdb.node', '')
  cpSync(join(own, 'dist'), join(modules, '@sochdb/next/dist'), { recursive: true })
  cpSync(join(own, 'package.json'), join(modules, '@sochdb/next/package.json'))

  const { stdout, stderr } = run(
    project,
    `import { addonGlobs } from './node_modules/@sochdb/next/dist/addon-files.js'; console.log(addonGlobs(process.cwd()).join('\\n'))`,
  )
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n').sort()).toEqual([
    `node_modules/?sochdb/native-${platform}-gnu/*`,
    `node_modules/?sochdb/native/node_modules/?sochdb/native-${platform}/*`,
  ])
})
