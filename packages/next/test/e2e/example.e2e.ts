/** examples/nextjs, built once: over HTTP, in Chromium, and as a folder that was carried elsewhere. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { jest } from '@jest/globals'
import type { Browser, Page } from 'playwright-core'
import { PATIENCE_MS, Server, assemble, build, root, visible } from './support/application.js'
import { findChromium } from './support/chromium.js'

jest.setTimeout(PATIENCE_MS)

const temporary = mkdtempSync(join(tmpdir(), 'sochdb-next-'))
const store = join(temporary, 'library.soch')
let directory: string
let server: Server

beforeAll(async () => {
  directory = assemble('examples/nextjs', 'example')
  build(directory, { STANDALONE: 'true', LIBRARY_PATH: store })
})

afterAll(async () => {
  rmSync(temporary, { recursive: true, force: true })
})

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(server.url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })

describe('the example, built', () => {
  it('has not opened a store while it was built', () => {
    expect(existsSync(store)).toBe(false)
    expect(readdirSync(directory).filter(name => name.endsWith('.soch'))).toEqual([])
  })

  it('has the addon among the files of every page', () => {
    const traces = ['page', 'books/[id]/page', 'search/page', 'api/books/route'].map(name => {
      const trace = JSON.parse(readFileSync(join(directory, '.next/server/app', `${name}.js.nft.json`), 'utf8')) as {
        files: string[]
      }
      return trace.files.some(file => file.endsWith('/sochdb.node'))
    })
    expect(traces).toEqual([true, true, true, true])
  })

  it('brings nothing of the database to the browser', () => {
    const chunks = join(directory, '.next', 'static', 'chunks')
    const sent = readdirSync(chunks).map(name => readFileSync(join(chunks, name), 'utf8'))
    expect(sent.filter(text => text.includes('sochdb') || text.includes('SochDB'))).toEqual([])
  })
})

describe('the example, over HTTP', () => {
  beforeAll(async () => {
    server = await Server.next(directory, 'start', { LIBRARY_PATH: store })
  })
  afterAll(async () => {
    await server.stop()
  })

  it('shows the authors with their books', async () => {
    const page = visible(await server.text('/'))
    expect(page).toMatch(/H\. G\. Wells The Time Machine 1895 .*Mary Shelley Frankenstein 1818 The Last Man 1826/)
  })

  it('adds a book that the page, a page of its own and the search have from then on', async () => {
    const book = { author: 'Stanisław Lem', title: 'Solaris', year: 1961, about: 'An ocean that thinks.' }
    const added = await post('/api/books', book)
    expect(added.status).toBe(201)
    const { id } = (await added.json()) as { id: string }
    expect(visible(await server.text('/'))).toMatch(/Stanisław Lem Solaris 1961/)
    expect(visible(await server.text(`/books/${id}`))).toMatch(/Solaris Stanisław Lem, 1961 An ocean that thinks\./)
    const search = await server.text('/search?q=oceans')
    expect(visible(search)).toContain('1 book')
    expect(search).toContain('<mark>ocean</mark>')
    const { rows } = (await server.json('/api/books')) as { rows: { title: string; author: { name: string } }[] }
    expect(rows[0]).toMatchObject({ title: 'Solaris', author: { name: 'Stanisław Lem' } })
  })

  it('finds what was spelt wrong', async () => {
    expect(visible(await server.text('/search?q=Frankenstien'))).toContain('Frankenstein , Mary Shelley')
  })

  it('finds nothing where nothing is', async () => {
    expect(visible(await server.text('/search?q=zzzz'))).toContain('0 books')
    expect(visible(await server.text('/search'))).toContain('0 books')
  })

  it('refuses a book that the schema refuses, one that is there, and what is no book', async () => {
    const wrong = await post('/api/books', { author: 'Anon', title: '', year: 'soon' })
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toMatchObject({ problems: [{ path: ['title'] }, { path: ['year'] }] })
    const again = await post('/api/books', { author: 'Mary Shelley', title: 'Frankenstein', year: 1818 })
    expect(again.status).toBe(409)
    expect((await post('/api/books', 'no JSON')).status).toBe(400)
    expect(visible(await server.text('/'))).not.toContain('Anon')
  })

  it('answers 404 for a book that is not there, whatever its id looks like', async () => {
    for (const id of ['00000000-0000-7000-8000-000000000000', 'x', "'"]) {
      expect((await fetch(`${server.url}/books/${id}`)).status).toBe(404)
    }
  })

  it('shows text as text, whatever it looks like', async () => {
    const title = '<img src=x onerror=alert(1)> goblins'
    await post('/api/books', { author: 'Mallory', title, year: 2000 })
    for (const path of ['/', '/search?q=goblins']) expect(await server.text(path)).not.toContain('<img')
    expect(await server.text('/search?q=goblins')).toContain('<mark>goblins</mark>')
  })
})

const chromiumPath = findChromium()
const inChromium = chromiumPath === undefined ? describe.skip : describe
if (chromiumPath === undefined) {
  console.warn(
    'Skipped: the example in Chromium. There is none: `apt-get install chromium`, or name one in CHROMIUM_PATH.',
  )
}

inChromium('the example, in Chromium', () => {
  let browser: Browser
  let page: Page
  const problems: string[] = []

  beforeAll(async () => {
    server = await Server.next(directory, 'start', { LIBRARY_PATH: join(temporary, 'browser.soch') })
    const { chromium } = await import('playwright-core')
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: ['--no-sandbox', '--disable-gpu'],
      timeout: 0,
    })
    page = await browser.newPage()
    page.setDefaultTimeout(0)
    page.on('pageerror', error => problems.push(error.message))
    await page.goto(server.url, { waitUntil: 'load' })
  })
  afterAll(async () => {
    await browser.close()
    await server.stop()
  })

  it('adds a book by the form, and says what is wrong with one', async () => {
    await page.getByLabel('Title').fill('Roadside Picnic')
    await page.getByLabel('Author').fill('Arkady and Boris Strugatsky')
    await page.getByLabel('Year').fill('soon')
    await page.getByRole('button', { name: 'Add book' }).click()
    await page.getByText('year: The year is a number.').waitFor()

    await page.getByLabel('Title').fill('Roadside Picnic')
    await page.getByLabel('Author').fill('Arkady and Boris Strugatsky')
    await page.getByLabel('Year').fill('1972')
    await page.getByRole('button', { name: 'Add book' }).click()
    await page.getByRole('link', { name: 'Roadside Picnic' }).waitFor()
    expect(await page.getByRole('heading', { name: 'Arkady and Boris Strugatsky' }).count()).toBe(1)
  })

  it('writes a note on the page of a book', async () => {
    await page.getByRole('link', { name: 'Roadside Picnic' }).click()
    await page.waitForURL(/\/books\//)
    await page.getByLabel('Note').fill('What is left after a visit')
    await page.getByLabel('Stars').selectOption('4')
    await page.getByRole('button', { name: 'Add note' }).click()
    await page.getByText('★★★★ What is left after a visit').waitFor()
    await page.getByRole('link', { name: 'Library' }).click()
    await page.getByText('4.0 of 5 stars').waitFor()
  })

  it('searches from the top of every page', async () => {
    await page.getByLabel('Search').fill('picnic')
    await page.getByLabel('Search').press('Enter')
    await page.waitForURL(/\/search\?q=picnic/)
    await page.getByText('1 book').waitFor()
    expect(await page.locator('mark').allTextContents()).toEqual(['Picnic'])
  })

  it('has thrown nothing', () => {
    expect(problems).toEqual([])
  })
})

describe('the example, carried elsewhere', () => {
  it('runs from the folder that next build has put together', async () => {
    const folder = join(temporary, 'deployed')
    mkdirSync(folder)
    cpSync(join(directory, '.next', 'standalone'), folder, { recursive: true, verbatimSymlinks: true })
    const script = join(folder, relative(root, directory), 'server.js')
    const deployed = await Server.standalone(script, { LIBRARY_PATH: join(folder, 'library.soch') })
    try {
      expect(visible(await deployed.text('/'))).toContain('Karel Čapek R.U.R. 1921')
      expect(existsSync(join(folder, 'library.soch'))).toBe(true)
    } finally {
      await deployed.stop()
    }
  })
})
