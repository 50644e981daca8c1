import { ProjectError, watch, type WatchEvent } from '@sochdb/generator'
import { schemaFile, TestProject } from './project.js'

/** Events in the order they come, to be awaited one by one. */
class Events {
  readonly #arrived: WatchEvent[] = []
  #wake: (() => void) | undefined

  push(event: WatchEvent): void {
    this.#arrived.push(event)
    this.#wake?.()
  }

  /** The next event that satisfies the condition; a system may report one change more than once. */
  async next(condition: (event: WatchEvent) => boolean): Promise<WatchEvent> {
    for (;;) {
      for (let event = this.#arrived.shift(); event !== undefined; event = this.#arrived.shift())
        if (condition(event)) return event
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}

const schema = (columns: string): string =>
  schemaFile(
    `import { names } from './names.js'\nexport default defineSchema({ tables: { t: table(names.t, { id: col.uuid().primaryKey()${columns} }) } })`,
  )

const wrote =
  (path: string) =>
  (event: WatchEvent): boolean =>
    'written' in event && event.written.includes(path)

test('watching generates again after a change, of an imported file too, and goes on after errors', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schema(''), 'names.ts': `export const names = { t: 't' }\n` })
  const events = new Events()
  const watcher = watch({ cwd: project.directory, debounceMs: 10 }, event => events.push(event))
  try {
    await events.next(wrote('models/t.ts'))
    project.write({ 'sochdb.schema.ts': schema(', a: col.text()') })
    await events.next(wrote('models/t.ts'))
    expect(project.read('sochdb/generated/models/t.ts')).toContain('a: string')

    project.write({ 'sochdb.schema.ts': schema(', a: col.text(') })
    const failed = await events.next(event => 'ok' in event && !event.ok)
    expect(failed).toMatchObject({ problems: [expect.objectContaining({ code: 'syntax_error' })] })

    project.write({
      'sochdb.schema.ts': schema(', b: col.text()'),
      'names.ts': `export const names = { t: 'renamed' }\n`,
    })
    await events.next(event => wrote('db.ts')(event))
    expect(project.read('sochdb/generated/db.ts')).toContain('renamed: TTable')

    project.write({ 'sochdb.config.ts': 'export default { nonsense: true }\n' })
    const misconfigured = await events.next(event => event instanceof Error)
    expect(misconfigured).toBeInstanceOf(ProjectError)
  } finally {
    await watcher.close()
  }
})

test('closing at once still lets the run end', async () => {
  using project = new TestProject({ 'sochdb.schema.ts': schema(''), 'names.ts': `export const names = { t: 't' }\n` })
  await watch({ cwd: project.directory }, () => undefined).close()
  expect(project.list('sochdb/generated')).toContain('index.ts')
})
