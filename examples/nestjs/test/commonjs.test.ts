import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

test('a CommonJS application requires the module and the generated client', () => {
  const program = join(dirname(fileURLToPath(import.meta.url)), 'commonjs.cjs')
  const { NODE_OPTIONS: _, ...env } = process.env
  const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', env })
  expect({ stderr, answer: JSON.parse(stdout || 'null') as unknown }).toEqual({
    stderr: expect.not.stringContaining('ERR_'),
    answer: { count: 1, again: true, health: { store: { status: 'up' } } },
  })
})
