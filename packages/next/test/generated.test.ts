import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

it.each(['templates/nextjs', 'examples/nextjs'])('%s has a client that is not stale', folder => {
  const bin = join(root, 'packages', 'sochdb', 'bin', 'sochdb.js')
  const child = spawnSync(process.execPath, [bin, 'generate', '--check'], { cwd: join(root, folder), encoding: 'utf8' })
  expect(`${child.stdout}${child.stderr}`).toBe('')
  expect(child.status).toBe(0)
})
