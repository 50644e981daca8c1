/** Applications put together by scripts/next-app.mjs, built and started as users build and start them. */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** For tests that hang: builds on a busy machine take minutes, and are no failure. */
export const PATIENCE_MS = 900_000

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', '..')

/** What the tests' own run has set must not reach Next.js, which has settings of the same names. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_ENV: _environment, JEST_WORKER_ID: _worker, ...rest } = process.env
  // The types of Next.js want NODE_ENV set; its commands set it themselves.
  return { ...rest, NEXT_TELEMETRY_DISABLED: '1', ...extra } as unknown as NodeJS.ProcessEnv
}

const nextBin = (directory: string): string => join(directory, 'node_modules', 'next', 'dist', 'bin', 'next')

/** @returns its directory */
export function assemble(folder: string, name: string): string {
  const script = join(root, 'scripts', 'next-app.mjs')
  return checked(spawnSync(process.execPath, [script, folder, `--as=${name}`], { encoding: 'utf8' })).trim()
}

/** `next build`. @returns what it printed */
export function build(directory: string, env: Readonly<Record<string, string>>): string {
  return checked(
    spawnSync(process.execPath, [nextBin(directory), 'build'], {
      cwd: directory,
      encoding: 'utf8',
      env: environment(env),
    }),
  )
}

function checked(child: ReturnType<typeof spawnSync>): string {
  if (child.status !== 0) throw new Error(`${String(child.stdout)}\n${String(child.stderr)}`, { cause: child.error })
  return String(child.stdout)
}

/** A running server. */
export class Server {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string
  readonly #process: ChildProcess
  readonly #printed: string[]

  private constructor(url: string, process: ChildProcess, printed: string[]) {
    this.url = url
    this.#process = process
    this.#printed = printed
  }

  /** `next start` or `next dev`, at a port that the system chooses. */
  static async next(
    directory: string,
    command: 'start' | 'dev',
    env: Readonly<Record<string, string>>,
  ): Promise<Server> {
    const options = [nextBin(directory), command, '-H', '127.0.0.1', '-p', '0']
    const server = await Server.#listening(options, directory, env)
    if (server === undefined) throw new Error('next did not listen')
    return server
  }

  /** The server.js of `output: 'standalone'`, which takes no port that the system chooses: one that was free just now. */
  static async standalone(script: string, env: Readonly<Record<string, string>>): Promise<Server> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const place = { HOSTNAME: '127.0.0.1', PORT: String(await freePort()) }
      const server = await Server.#listening([script], dirname(script), { ...env, ...place })
      if (server !== undefined) return server
    }
    throw new Error('no port stays free')
  }

  /** `undefined`: somebody else has taken the port. */
  static async #listening(
    options: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Server | undefined> {
    const process_ = spawn(process.execPath, options, { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] })
    const printed: string[] = []
    for (const stream of [process_.stdout, process_.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => printed.push(text))
    }
    for (;;) {
      const output = printed.join('')
      const url = /Local:\s+(http:\S+)/.exec(output)?.[1]
      if (url !== undefined && output.includes('Ready in')) return new Server(url, process_, printed)
      if (process_.exitCode !== null) {
        if (output.includes('EADDRINUSE')) return undefined
        throw new Error(`The server ended:\n${output}`)
      }
      await pause(50)
    }
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** What it printed so far. */
  get output(): string {
    return this.#printed.join('')
  }

  async text(path: string, init?: RequestInit): Promise<string> {
    return (await fetch(this.url + path, init)).text()
  }

  async json(path: string, init?: RequestInit): Promise<unknown> {
    return (await fetch(this.url + path, init)).json()
  }

  /** A server that was not asked to ends by itself would hang the test; SIGTERM is how hosts end one. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The text of a page as a reader sees it. */
export const visible = (html: string): string =>
  html
    .replace(/<(script|style)\b.*?<\/\1>/gs, '')
    .replace(/<!--.*?-->/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
