import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Change } from './plan.js'

/** Carries a plan out. Each file changes in one step: a reader sees the old text or the new one. */
export function applyChanges(directory: string, changes: readonly Change[]): void {
  for (const { path, after } of changes) {
    const file = join(directory, path)
    if (after === undefined) {
      rmSync(file, { force: true })
      continue
    }
    mkdirSync(dirname(file), { recursive: true })
    const temporary = `${file}.${process.pid}.tmp`
    writeFileSync(temporary, after)
    renameSync(temporary, file)
  }
  for (const folder of ['models', 'zod']) {
    if (!changes.some(change => change.after === undefined && change.path.startsWith(`${folder}/`))) continue
    try {
      rmdirSync(join(directory, folder))
    } catch {
      // Not empty: it stays.
    }
  }
}
