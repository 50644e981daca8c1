/** `next dev`: what hot reload evaluates again, and what must be there once all the same. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { jest } from '@jest/globals'
import { PATIENCE_MS, Server, assemble, visible } from './support/application.js'

jest.setTimeout(PATIENCE_MS)

const temporary = mkdtempSync(join(tmpdir(), 'sochdb-next-dev-'))
let directory: string
let server: Server

/** Counts the handles that the server's process opens: set up before anything is, read by a route. */
const counting = `
import { Database } from 'sochdb'
const global = globalThis as { opened?: number }
if (global.opened === undefined) {
  global.opened = 0
  const open = Database.open
  Database.open = function (this: typeof Database, ...options: Parameters<typeof open>) {
    global.opened!++
    return open.apply(this, options)
  } as typeof open
}
`
const countRoute = `
export const dynamic = 'force-dynamic'
export const GET = () => Response.json({ opened: (globalThis as { opened?: number }).opened, pid: process.pid })
`
const edgeRoute = `
import { db } from '../../../db'
export const runtime = 'edge'
export const GET = async () => Response.json(await db.books.count())
`

function write(file: string, text: string): void {
  const path = join(directory, file)
  mkdirSync(dirname(path), { recursive: true })
  // At once: whoever watches the folder never sees half a file.
  const whole = `${directory}.edited`
  writeFileSync(whole, text)
  renameSync(whole, path)
}

/** An empty `from` is the end of the file. */
function edit(file: string, from: string, to: string): void {
  const before = readFileSync(join(directory, file), 'utf8')
  if (!before.includes(from)) throw new Error(`${file} has no ${from}`)
  write(file, from === '' ? before + to : before.replace(from, () => to))
}

/** Asks for the page until it is the new one; that it never becomes so is for the test's own time limit. */
async function until(wanted: RegExp): Promise<string> {
  for (;;) {
    const page = visible(await server.text('/'))
    expect(page).not.toMatch(/DatabaseLockedError|is locked/)
    if (wanted.test(page)) return page
    await pause(100)
  }
}

const opened = (): Promise<unknown> => server.json('/api/opened')

beforeAll(async () => {
  directory = assemble('examples/nextjs', 'dev')
  write('src/counting.ts', counting)
  write('src/app/api/opened/route.ts', countRoute)
  write('src/app/api/edge/route.ts', edgeRoute)
  edit('src/instrumentation.ts', 'const { seed }', "await import('./counting')\n  const { seed }")
  server = await Server.next(directory, 'dev', { LIBRARY_PATH: join(temporary, 'library.soch') })
})

afterAll(async () => {
  await server.stop()
  rmSync(temporary, { recursive: true, force: true })
})

describe('next dev', () => {
  it('keeps one handle, whichever file changes', async () => {
    await until(/Karel Čapek/)
    const before = await opened()
    expect(before).toMatchObject({ opened: 1 })

    // A page, a module between it and the database, the module that makes the client, and the generated client itself.
    edit('src/app/page.tsx', '<h2>{name}</h2>', '<h2>by {name}</h2>')
    await until(/by Karel Čapek/)
    edit('src/library.ts', "{ orderBy: { name: 'asc' }", "{ orderBy: { name: 'desc' }")
    await until(/by Mary Shelley.*by Karel Čapek/)
    edit('src/db.ts', 'export const db =', 'export const madeAgain = true\nexport const db =')
    edit('src/app/page.tsx', '<h2>by {name}</h2>', '<h2>of {name}</h2>')
    edit('src/app/page.tsx', "from '../library'", "from '../library'\nimport { madeAgain } from '../db'")
    edit('src/app/page.tsx', 'await connection()', 'await connection()\n  if (!madeAgain) return null')
    await until(/of Mary Shelley/)
    edit(
      'src/generated/client.ts',
      'return createRuntimeClient',
      "console.log('another client')\n  return createRuntimeClient",
    )
    edit('src/app/page.tsx', '<h2>of {name}</h2>', '<h2>from {name}</h2>')
    await until(/from Mary Shelley/)

    const added = await fetch(`${server.url}/api/books`, {
      method: 'POST',
      body: JSON.stringify({ author: 'Ursula K. Le Guin', title: 'The Dispossessed', year: 1974 }),
    })
    expect(added.status).toBe(201)
    await until(/from Ursula K\. Le Guin The Dispossessed 1974/)

    expect(server.output).toContain('another client')
    expect(await opened()).toEqual(before)
    expect(server.output).not.toMatch(/DatabaseLockedError/)
  })

  it('says what to do about a route of the edge runtime', async () => {
    const response = await fetch(`${server.url}/api/edge`)
    expect(response.status).toBe(500)
    expect(server.output).toContain("remove `export const runtime = 'edge'`")
  })

  it('goes on after a module threw while it was evaluated', async () => {
    const failing = "\nthrow new Error('not yet')\n"
    edit('src/library.ts', '', failing)
    while ((await fetch(server.url)).status !== 500) await pause(100)
    edit('src/library.ts', failing, '')
    await until(/from Mary Shelley/)
    expect(await opened()).toMatchObject({ opened: 1 })
  })
})
