/** Generates again whenever the schema, a file it imports or the configuration changes. */
import { watch as watchDirectory, type FSWatcher } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ProjectError } from '../load/problem.js'
import { loadProject, type ProjectOptions } from './config.js'
import { generateProject, type GenerateResult } from './generate.js'

/** What is watched, and how long it has to rest. */
export interface WatchOptions extends ProjectOptions {
  /** How long files must rest before generation begins. Default: 100 ms. */
  readonly debounceMs?: number
}

/** A watch on a schema that generates after every change. */
export interface Watcher {
  /** Stops watching; a generation that is under way ends first. */
  close(): Promise<void>
}

/** What one run came to: a result, or the reason there is none. */
export type WatchEvent = GenerateResult | ProjectError

/**
 * Generates once, and then after every change, until it is closed. Errors are events: they do not end it.
 */
export function watch(options: WatchOptions, onEvent: (event: WatchEvent) => void): Watcher {
  return new ProjectWatcher(options, onEvent)
}

class ProjectWatcher implements Watcher {
  readonly #options: WatchOptions
  readonly #onEvent: (event: WatchEvent) => void
  /** Names watched for, by directory: editors replace files, which a watch on the file itself would lose. */
  readonly #directories = new Map<string, { readonly watcher: FSWatcher; names: Set<string> }>()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void>
  #again = false
  #closed = false

  constructor(options: WatchOptions, onEvent: (event: WatchEvent) => void) {
    this.#options = options
    this.#onEvent = onEvent
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const { watcher } of this.#directories.values()) watcher.close()
    this.#directories.clear()
    await this.#running
  }

  async #run(): Promise<void> {
    do {
      this.#again = false
      const event = await this.#generate()
      if (!this.#closed) this.#onEvent(event)
    } while (this.#again && !this.#closed)
  }

  async #generate(): Promise<WatchEvent> {
    const configNames = ['sochdb.config.ts', 'sochdb.config.mts', 'sochdb.config.js', 'sochdb.config.mjs']
    const expected = configNames.map(name => join(this.#options.cwd, name))
    try {
      const project = await loadProject(this.#options)
      // Watched before they are read: a change in between is then seen.
      this.#watchAlso([...expected, ...project.configFiles, project.schema])
      const { result, files } = await generateProject(project)
      this.#watchOnly([...expected, project.schema, ...files])
      return result
    } catch (error) {
      this.#watchAlso(expected)
      if (error instanceof ProjectError) return error
      return new ProjectError('internal', error instanceof Error ? error.message : String(error))
    }
  }

  #watchOnly(files: readonly string[]): void {
    for (const entry of this.#directories.values()) entry.names = new Set()
    this.#watchAlso(files)
    for (const [directory, { watcher, names }] of this.#directories) {
      if (names.size > 0) continue
      watcher.close()
      this.#directories.delete(directory)
    }
  }

  #watchAlso(files: readonly string[]): void {
    if (this.#closed) return
    for (const file of files) {
      const directory = dirname(file)
      let entry = this.#directories.get(directory)
      if (entry === undefined) {
        const watcher = this.#openWatch(directory)
        if (watcher === undefined) continue
        entry = { watcher, names: new Set() }
        this.#directories.set(directory, entry)
      }
      entry.names.add(basename(file))
    }
  }

  #openWatch(directory: string): FSWatcher | undefined {
    try {
      const watcher = watchDirectory(directory, (_event, name) => {
        // Some systems do not name the file: then any change in the directory counts.
        if (name === null || this.#directories.get(directory)?.names.has(name)) this.#changed()
      })
      return watcher.on('error', () => watcher.close())
    } catch {
      return undefined
    }
  }

  #changed(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#start(), this.#options.debounceMs ?? 100)
  }

  #start(): void {
    if (this.#closed) return
    this.#again = true
    this.#running = this.#running.then(() => (this.#again && !this.#closed ? this.#run() : undefined))
  }
}
