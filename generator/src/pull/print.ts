/** A pulled schema as a file. */
import { printSchema } from '@sochdb/schema/print'
import type { Pulled } from 'sochdb/internal'
import { formatTypescript } from '../write/format.js'

/** A schema file that was made of what a store or a SQLite file holds. */
export interface PulledFile {
  readonly text: string
  /** What of the source the text does not say. */
  readonly remarks: readonly string[]
}

/** `source`: what it was pulled from, for the comment at the head. */
export async function printPulled({ contract, remarks }: Pulled, source: string): Promise<PulledFile> {
  const { text, remarks: more } = printSchema(contract)
  const all = [...remarks, ...more]
  const told = all.length === 0 ? [] : ['', 'What it does not say:', ...all.map(remark => `- ${remark}`)]
  const head = [`Pulled from ${source}.`, ...told].map(line => ` * ${safe(line)}`.trimEnd())
  return { text: await formatTypescript(`/**\n${head.join('\n')}\n */\n${text}`), remarks: all }
}

/** On one line, and no end of the comment. */
const safe = (line: string): string => line.replace(/\s+/g, ' ').replaceAll('*/', '*\\/')
