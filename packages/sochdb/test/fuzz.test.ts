import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const child = join(dirname(fileURLToPath(import.meta.url)), 'support', 'fuzz-child.cjs')

test.each([1, 2, 3])('no argument from JavaScript brings the process down (seed %d)', seed => {
  const result = spawnSync(process.execPath, [child, String(seed), '8000'], { encoding: 'utf8', timeout: 60_000 })
  expect({
    status: result.status,
    signal: result.signal,
    stdout: result.stdout,
    stderr: result.stderr.slice(0, 2000),
  }).toEqual({
    status: 0,
    signal: null,
    stdout: 'alive\n',
    stderr: '',
  })
})
