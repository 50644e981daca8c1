import { layOut, LINE_MAX } from './layout.js'

/** One style for everyone: output must not depend on whose configuration it meets. */
const style = {
  parser: 'typescript',
  semi: false,
  singleQuote: true,
  printWidth: LINE_MAX,
  trailingComma: 'all',
  arrowParens: 'avoid',
  endOfLine: 'lf',
} as const

/** Most files are laid out without prettier, which takes longer to load than they all take. */
export async function formatTypescript(text: string): Promise<string> {
  return layOut(text) ?? prettierText(text)
}

/** The same by prettier, whatever the text is. */
export async function prettierText(text: string): Promise<string> {
  const { format } = await import('prettier')
  return format(text, style)
}
