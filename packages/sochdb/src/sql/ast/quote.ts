import { isKeyword } from '../parser/words.js'

/** A name, in quotes where it needs them. */
export function quoteName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_$]*$/.test(name) && !isKeyword(name.toLowerCase())) return name
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteNames(names: readonly string[]): string {
  return names.map(quoteName).join(', ')
}
