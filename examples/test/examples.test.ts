/** Each example runs, in a process of its own, and prints what its README shows: on a new store, and on what that run left. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const directory = mkdtempSync(join(tmpdir(), 'examples-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function run(cwd: string, program: string, ...options: string[]): string {
  const child = spawnSync(process.execPath, [program, ...options], { cwd, encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`${child.stdout}\n${child.stderr}`)
  return child.stdout
}

describe.each(['batch', 'knowledge-graph', 'multi-tenant', 'temporal'])('examples/%s', name => {
  const example = join(root, 'examples', name)
  const isGenerated = existsSync(join(example, 'sochdb.schema.ts'))

  it('prints what its README shows, and the same when it is run again', () => {
    const shown = /^```text\n(.*?)^```$/ms.exec(readFileSync(join(example, 'README.md'), 'utf8'))![1]
    const program = join('dist', ...(isGenerated ? ['src'] : []), 'main.js')
    const store = join(directory, name)
    expect(run(example, program, store)).toBe(shown)
    expect(run(example, program, store)).toBe(shown)
  })

  if (isGenerated) {
    it('has a client that is not stale', () => {
      run(example, join(root, 'packages', 'sochdb', 'bin', 'sochdb.js'), 'generate', '--check')
    })
  }
})
