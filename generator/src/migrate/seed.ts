import { existsSync } from 'node:fs'
import { evaluate } from '../load/evaluate.js'
import { ProjectError } from '../load/problem.js'
import { loadProject, type ProjectOptions } from '../project/config.js'

/** What the seed file exports by default: a function of the database, which may be asynchronous. */
export async function loadSeed(options: ProjectOptions): Promise<(database: unknown) => unknown> {
  const { seed } = await loadProject(options)
  if (!existsSync(seed)) {
    throw new ProjectError(
      'seed_not_found',
      `There is no seed file at ${seed}.`,
      'Name yours under "seed" in sochdb.config.ts.',
    )
  }
  const evaluation = await evaluate(seed)
  if (!evaluation.ok) {
    const [first] = evaluation.problems
    const at = first!.location
    const place = at === undefined ? seed : `${at.file}:${String(at.line)}:${String(at.column)}`
    throw new ProjectError('seed_invalid', `${place}: ${first!.message}`, first!.hint)
  }
  if (typeof evaluation.exported === 'function') return evaluation.exported as (database: unknown) => unknown
  const hint = 'End it with: export default (db) => { … }'
  throw new ProjectError('seed_invalid', `${seed}: the default export is not a function.`, hint)
}
