import { format } from 'prettier'

/** One style for everyone: output must not depend on whose configuration it meets. */
const style = {
  parser: 'typescript',
  semi: false,
  singleQuote: true,
  printWidth: 120,
  trailingComma: 'all',
  arrowParens: 'avoid',
  endOfLine: 'lf',
} as const

export async function formatTypescript(text: string): Promise<string> {
  return format(text, style)
}
