import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface Reply {
  readonly status: number
  readonly body: unknown
}

/** A server in a process of its own, as a person starts it: it chooses a port, and says where it listens. */
export class Server {
  readonly #process: ChildProcess
  readonly #url: string

  private constructor(process: ChildProcess, url: string) {
    this.#process = process
    this.#url = url
  }

  /** @throws Error with all that it printed when it ends before it listens */
  static async start(directory: string, env: Readonly<Record<string, string>>): Promise<Server> {
    const { NODE_OPTIONS: _, ...rest } = process.env
    const child = spawn(process.execPath, ['dist/src/main.js'], {
      cwd: directory,
      env: { ...rest, ...env, PORT: '0', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    const url = await new Promise<string>((resolve, reject) => {
      const read = (part: string) => {
        printed += part
        const found = /Listening on (http:\/\/[^\s]+)\n/.exec(printed)?.[1]
        if (found !== undefined) resolve(found)
      }
      child.stdout.setEncoding('utf8').on('data', read)
      child.stderr.setEncoding('utf8').on('data', read)
      child.once('close', code => reject(new Error(`The server ended with ${String(code)}:\n${printed}`)))
    })
    return new Server(child, url)
  }

  async ask(method: string, path: string, { body, shop }: { body?: unknown; shop?: string } = {}): Promise<Reply> {
    const headers = { 'content-type': 'application/json', ...(shop === undefined ? {} : { 'x-shop': shop }) }
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(`${this.#url}${path}`, init)
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
  }

  /** Ends it by a signal. Returns what it ended with: Nest raises the signal again when it is done. */
  async stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return null
    const closed = once(this.#process, 'close')
    this.#process.kill(signal)
    const [code, by] = (await closed) as [number | null, NodeJS.Signals | null]
    return code ?? by
  }
}
