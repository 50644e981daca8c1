import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const page = readFileSync(join(root, 'docs', 'nextjs.md'), 'utf8')
const shown = Array.from(page.matchAll(/```tsx?\n\/\/ (\S+)\n(.*?)```/gs), ([, file, code]) => [file!, code!] as const)

it('docs/nextjs.md shows files of the template', () => {
  expect(shown.map(([file]) => file)).toEqual([
    'next.config.ts',
    'sochdb.config.ts',
    'src/db.ts',
    'src/app/page.tsx',
    'src/app/actions.ts',
  ])
})

it.each(shown)('%s is as the template has it', (file, code) => {
  expect(readFileSync(join(root, 'templates', 'nextjs', file), 'utf8')).toContain(code)
})
