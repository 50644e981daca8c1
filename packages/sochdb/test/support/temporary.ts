import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of the test file's own, removed after its tests. */
export function temporaryDirectory(): (name: string) => string {
  const root = mkdtempSync(join(tmpdir(), 'sochdb-test-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  return name => join(root, name)
}

/** The error that `action` throws; fails where it throws none. */
export function thrownBy(action: () => unknown): Error & Record<string, unknown> {
  try {
    action()
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('Nothing was thrown.')
}
