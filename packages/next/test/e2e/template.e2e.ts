/** templates/nextjs, as a user has it after `sochdb init`: built and started. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { PATIENCE_MS, Server, assemble, build, root, visible } from './support/application.js'

jest.setTimeout(PATIENCE_MS)

const temporary = mkdtempSync(join(tmpdir(), 'sochdb-next-template-'))
const store = join(temporary, 'app.soch')
let directory: string
let server: Server

beforeAll(async () => {
  directory = assemble('templates/nextjs', 'template')
  build(directory, { APP_DATABASE: store })
})

afterAll(async () => {
  rmSync(temporary, { recursive: true, force: true })
})

/** Sends the form on the page that has this button, as a browser without scripts does. */
async function submit(button: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const page = await server.text('/')
  const form = page.match(/<form\b.*?<\/form>/gs)!.find(each => each.includes(`>${button}</button>`))!
  const body = new FormData()
  for (const [input] of form.matchAll(/<input type="hidden"[^>]*>/g)) {
    body.append(unescaped(/name="([^"]*)"/.exec(input)![1]!), unescaped(/value="([^"]*)"/.exec(input)?.[1] ?? ''))
  }
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  return server.text('/', { method: 'POST', body })
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

describe('the starter project for Next.js', () => {
  it('is built without opening the store, and without a change to its tsconfig.json', () => {
    expect(existsSync(store)).toBe(false)
    expect(readdirSync(directory).filter(name => name.endsWith('.soch'))).toEqual([])
    const before = readFileSync(join(root, 'templates/nextjs/tsconfig.json'), 'utf8')
    expect(readFileSync(join(directory, 'tsconfig.json'), 'utf8')).toBe(before)
  })

  it('keeps tasks, and has them when it is started again', async () => {
    server = await Server.next(directory, 'start', { APP_DATABASE: store })
    try {
      expect(await server.json('/api/tasks')).toEqual({ rows: [] })
      expect(visible(await submit('Add', { title: 'Write a test', list: 'Work' }))).toMatch(/Work Done Write a test/)
      await submit('Add', { title: 'Rest', list: 'Work' })
      expect(visible(await submit('Done', {}))).toMatch(/Work Reopen Write a test Done Rest/)
    } finally {
      await server.stop()
    }
    server = await Server.next(directory, 'start', { APP_DATABASE: store })
    try {
      expect(await server.json('/api/tasks')).toMatchObject({ rows: [{ title: 'Rest', list: { name: 'Work' } }] })
    } finally {
      await server.stop()
    }
  })
})
