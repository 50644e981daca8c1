/** The documentation's links lead to files and headings that are there, and its index to every page. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md') && !name.includes('node_modules'))
    .map(name => join(folder, name))

const pages = ['README.md', ...markdownIn('docs'), ...markdownIn('examples')].sort()

const read = (page: string): string => readFileSync(join(root, page), 'utf8')
const withoutCode = (text: string): string => text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '')

/** `[text](target)`, pictures too, of the repository. */
function links(page: string): string[] {
  const targets = Array.from(withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g), match => match[1]!)
  return targets.filter(target => !/^[a-z]+:/.test(target))
}

/** As hosts of repositories make them of headings. */
function anchors(page: string): Set<string> {
  const headings = Array.from(
    read(page)
      .replaceAll(/^```.*?^```$/gms, '')
      .matchAll(/^#+ (.*)$/gm),
    match => match[1]!,
  )
  return new Set(
    headings.map(heading =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

function problem(page: string, target: string): string | undefined {
  const [path, anchor] = target.split('#') as [string, string | undefined]
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, file))) return `${target}: there is no ${file}`
  if (anchor !== undefined && !anchors(file).has(anchor)) return `${target}: there is no such heading in ${file}`
  return undefined
}

test.each(pages)('links of %s', page => {
  expect(
    links(page)
      .map(target => problem(page, target))
      .filter(found => found !== undefined),
  ).toEqual([])
})

test('docs/README.md leads to every page of the guides', () => {
  const guides = pages.filter(page => page.startsWith('docs/') && !page.startsWith('docs/internals/'))
  const linked = new Set(links('docs/README.md').map(target => join('docs', target)))
  expect(
    guides.filter(page => !linked.has(page) && page !== 'docs/README.md').map(page => relative('docs', page)),
  ).toEqual([])
})

test('docs/internals/README.md leads to every page of the internals', () => {
  const linked = new Set(links('docs/internals/README.md').map(target => join('docs/internals', target)))
  const internals = pages.filter(page => page.startsWith('docs/internals/') && page !== 'docs/internals/README.md')
  expect(internals.filter(page => !linked.has(page))).toEqual([])
})
