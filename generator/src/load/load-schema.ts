import {
  contractHash,
  isSchema,
  toContract,
  validateSchema,
  type Contract,
  type Diagnostic,
  type Schema,
} from '@sochdb/schema'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { evaluate } from './evaluate.js'
import { resolveRelative, type ModuleGraph } from './module-graph.js'
import { locate, problem, ProjectError, type Problem } from './problem.js'

/** A schema that was read, with what is wrong with it. */
export interface LoadedSchema {
  /** Absent when there is an error among the problems. */
  readonly contract?: Contract
  readonly contractHash?: string
  readonly problems: readonly Problem[]
  /** Every file the schema was read from. */
  readonly files: readonly string[]
}

/**
 * Reads a schema file: evaluates it, checks it, and turns it into its contract. What is wrong with it comes back as problems,
 * each with its place in the source.
 *
 * @throws ProjectError when there is no such file.
 */
export async function loadSchema(file: string): Promise<LoadedSchema> {
  if (!existsSync(file)) {
    const hint = 'Write one there, or name yours with --schema or in sochdb.config.ts.'
    throw new ProjectError('schema_not_found', `There is no schema file at ${file}.`, hint)
  }
  const evaluation = await evaluate(file)
  const { graph } = evaluation
  if (!evaluation.ok) return { problems: evaluation.problems, files: graph.files }
  const schema = evaluation.exported
  if (!isSchema(schema)) return { problems: [notASchema(schema, graph)], files: graph.files }
  const diagnostics = [...missingCodecs(schema, dirname(file)), ...validateSchema(schema)]
  const problems = await placed(diagnostics, graph)
  if (diagnostics.some(one => one.severity === 'error')) return { problems, files: graph.files }
  const contract = toContract(schema)
  return { contract, contractHash: contractHash(contract), problems, files: graph.files }
}

/** Codecs whose modules are not where the schema says; packages are for the compiler to find. */
function missingCodecs(schema: Schema, directory: string): Diagnostic[] {
  return Object.entries(schema.toNode().tables).flatMap(([key, table]) =>
    Object.entries(table.columns).flatMap(([name, { codec }]): Diagnostic[] => {
      const module: unknown = codec?.module
      if (typeof module !== 'string' || !module.startsWith('.')) return []
      if (resolveRelative(directory, module) !== undefined) return []
      const message = `The codec of column "${name}" is in "${module}", and there is no such file beside the schema.`
      const hint = 'Paths of codecs begin at the schema file.'
      const at = ['tables', key, name, { call: 'codec', nth: 0 }]
      return [{ code: 'codec_not_found', severity: 'error', message, path: `tables.${key}.${name}.codec()`, hint, at }]
    }),
  )
}

function notASchema(exported: unknown, graph: ModuleGraph): Problem {
  const message =
    exported === undefined
      ? 'The schema file has no default export.'
      : 'The default export of the schema file is not what defineSchema returns.'
  const hint = 'End it with: export default defineSchema({ … })'
  return problem('schema_not_exported', message, { location: locate(graph.modules[0]!.source, 0), hint })
}

async function placed(diagnostics: readonly Diagnostic[], graph: ModuleGraph): Promise<Problem[]> {
  if (diagnostics.length === 0) return []
  // It needs the compiler, which a schema without problems does without.
  const { DeclarationFinder } = await import('./declaration-finder.js')
  const finder = new DeclarationFinder(graph)
  return diagnostics.map(({ code, severity, message, path, hint, at }) => {
    return { code, severity, message, path, ...(hint === undefined ? {} : { hint }), location: finder.find(at) }
  })
}
