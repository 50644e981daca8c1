import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from './support/temporary.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const template = join(root, 'templates', 'node')
const directory = temporaryDirectory()

function run(program: string, ...options: string[]): string {
  const child = spawnSync(process.execPath, [program, ...options], { cwd: template, encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`${child.stdout}\n${child.stderr}`)
  return child.stdout
}

describe('the starter project', () => {
  it('has a client that is not stale', () => {
    run(join(root, 'packages', 'sochdb', 'bin', 'sochdb.js'), 'generate', '--check')
  })

  it('runs, and runs again on what it left', () => {
    const store = directory('app')
    const first = run('dist/src/main.js', store)
    expect(first).toContain('Engines by ada@example.com')
    expect(first).toMatch(/nearest: [0-9a-f-]{36}, score 0\.994/)
    expect(first).toContain('notes: 1')
    expect(run('dist/src/main.js', store)).toContain('notes: 2')
  })
})
