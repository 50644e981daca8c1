/** docs/nestjs.md shows code that runs: each of its examples stands in the example application, or in a test beside this one. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..', '..')

function read(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => squeezed(readFileSync(join(entry.parentPath, entry.name), 'utf8')))
}

/** Indentation and line breaks are the formatter's. */
const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim()

const sources = [...read(join(root, 'examples', 'nestjs', 'src')), ...read(here)]
const page = readFileSync(join(root, 'docs', 'nestjs.md'), 'utf8')
const examples = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), match => match[1]!)

test('the page has examples', () => expect(examples.length).toBeGreaterThan(10))

test.each(examples)('%s', example => {
  expect(sources.some(source => source.includes(squeezed(example)))).toBe(true)
})
