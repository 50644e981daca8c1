/** Highlights: the parts of a document's text that show why a search by words found it. */
import { checkOptions, whole } from '../engine/check.js'
import type { Check } from '../engine/check.js'
import { ValidationError } from '../errors/index.js'
import type { CollectionEntry } from '../sql/catalog/index.js'
import { search as native } from './native.js'
import type { Metadata } from './metadata.js'

/** Which part of a text `highlights` show, and how they mark what matches. */
export interface HighlightOptions {
  /** Of these fields of the collection's `contentField`; default: all. */
  readonly fields?: readonly string[]
  /** Characters of a text that are shown: 1 to 1000000, default 160. */
  readonly maxLength?: number
  /** The name of the tag around what matches. Default `em`. */
  readonly tag?: string
}

/** The texts of a document, by field. */
export type Highlights = Readonly<Record<string, string>>

const MAX_LENGTH = 1_000_000
const LENGTH_DEFAULT = 160

const checks: Readonly<Record<keyof HighlightOptions, Check>> = {
  fields: value =>
    Array.isArray(value) && value.every(field => typeof field === 'string') ? undefined : 'an array of names of fields',
  maxLength: whole(1, MAX_LENGTH),
  tag: value =>
    typeof value === 'string' && /^[A-Za-z][\w-]*$/.test(value) ? undefined : 'the name of a tag, as "mark"',
}

export function checkHighlight(value: unknown, place: string): HighlightOptions | undefined {
  if (value === false) return undefined
  if (value === true) return {}
  if (typeof value === 'object' && value !== null) {
    return checkOptions(value, checks, `${place}, in "highlight",`) as HighlightOptions
  }
  throw new ValidationError(`Option "highlight" of ${place} takes true, false or an object.`, {
    details: { option: 'highlight' },
  })
}

/**
 * Makes the highlights of documents: of every field where the words match something, an array's texts joined; of the
 * field that chunks belong to (document_text.h) with the text of the one that was found.
 */
export function highlighter(
  collection: number,
  words: string,
  { contentField: content, contentWeights }: Pick<CollectionEntry, 'contentField' | 'contentWeights'>,
  options: HighlightOptions,
): (metadata: Metadata, chunkText?: string) => Highlights {
  const { fields = content, maxLength = LENGTH_DEFAULT, tag = 'em' } = options
  const unknown = fields.find(field => !content.includes(field))
  if (unknown !== undefined) {
    throw new ValidationError(
      `Option "highlight" names "${unknown}", which is no field of contentField. It has: ${content.join(', ')}.`,
      { details: { option: 'highlight', field: unknown } },
    )
  }
  const ofChunks = content[contentWeights === undefined ? 0 : contentWeights.indexOf(Math.min(...contentWeights))]
  return (metadata, chunkText) => {
    const highlights: [field: string, text: string][] = []
    for (const field of fields) {
      const texts = textsAt(metadata, field.split('.'))
      if (chunkText !== undefined && field === ofChunks) texts.push(chunkText)
      const parts = texts
        .map(text => native.textHighlight(collection, words, text, maxLength, `<${tag}>`, `</${tag}>`))
        .filter(part => part !== undefined)
      if (parts.length > 0) highlights.push([field, parts.join(' ')])
    }
    return Object.fromEntries(highlights) // a field may be called __proto__
  }
}

/** The strings that a path reaches; an array stands for each of its elements. */
function textsAt(value: unknown, path: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap(element => textsAt(element, path))
  const [name, ...rest] = path
  if (name === undefined) return typeof value === 'string' ? [value] : []
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return []
  return textsAt((value as Record<string, unknown>)[name], rest)
}
