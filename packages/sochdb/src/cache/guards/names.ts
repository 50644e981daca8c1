/**
 * Names of a text: words with a capital letter that do not begin a sentence, quoted words, and identifiers (`snake_case`, `camelCase`,
 * `v2`, paths, addresses). Each has to stand in the other text too, whatever its case there.
 */
const quoted = /"([^"]+)"|“([^”]+)”|`([^`]+)`|(?<!\w)'([^']+)'(?!\w)/g
const identifier =
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+|https?:\/\/\S*[\w/]|(?:\.{0,2}\/)?[\w-]+(?:\/[\w.-]+)+|[\p{L}_$][\p{L}\p{N}$]*_[\p{L}\p{N}_$]*|\p{Ll}+(?:\p{Lu}[\p{Ll}\p{N}]*)+|\b(?=[\p{L}\p{N}-]*\p{L})(?=[\p{L}\p{N}-]*\p{N})\p{L}[\p{L}\p{N}]*(?:[-.][\p{L}\p{N}]+)*/gu
const capital = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}]*(?:['’-]\p{L}+)*/gu
const word = /[\p{L}\p{N}]+/gu

/** Capitalised wherever they stand, and nobody's names. */
const common = new Set(['i', "i'm", "i'd", "i'll", "i've", 'ok', 'faq'])

export function sameNames(a: string, b: string): boolean {
  return holds(b, namesOf(a)) && holds(a, namesOf(b))
}

function holds(text: string, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return true
  const lower = text.toLowerCase()
  const words = new Set(lower.match(word))
  for (const name of names) {
    const parts = name.match(word) ?? []
    if (parts.length === 1 ? !hasWord(words, parts[0]!) : !lower.includes(name)) return false
  }
  return true
}

/** Possessives and plurals of a name are the name. */
const hasWord = (words: ReadonlySet<string>, name: string): boolean =>
  words.has(name) || words.has(`${name}s`) || (name.endsWith('s') && words.has(name.slice(0, -1)))

/** In lower case. */
export function namesOf(text: string): ReadonlySet<string> {
  const names = new Set<string>()
  const add = (name: string): void => {
    const lower = name.toLowerCase().replace(/['’]s$/, '')
    if (!common.has(lower)) names.add(lower)
  }
  for (const match of text.matchAll(quoted))
    add(
      match
        .slice(1)
        .find(part => part !== undefined)!
        .trim(),
    )
  for (const [found] of text.matchAll(identifier)) add(found)
  if (text === text.toUpperCase()) return names // it shouts: capitals say nothing
  for (const match of text.matchAll(capital)) if (!beginsSentence(text, match.index)) add(match[0])
  return names
}

function beginsSentence(text: string, at: number): boolean {
  const before = text.slice(0, at).trimEnd()
  return before === '' || /[.!?:;…“"(\n]$/.test(before)
}
