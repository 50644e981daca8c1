import { readFileSync } from 'node:fs'

/** A source file's text, with its lines. */
export class SourceText {
  readonly file: string
  readonly text: string
  readonly lines: readonly string[]
  readonly #starts: readonly number[]

  constructor(file: string, text: string) {
    this.file = file
    this.text = text
    this.lines = text.split(/\r\n|\n|\r/)
    const starts = [0]
    for (const { 0: end, index } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + end.length)
    this.#starts = starts
  }

  static read(file: string): SourceText {
    const text = readFileSync(file, 'utf8')
    return new SourceText(file, text.startsWith('\uFEFF') ? text.slice(1) : text)
  }

  /** Line and column, from 1, of an offset. */
  position(offset: number): { readonly line: number; readonly column: number } {
    let [low, high] = [0, this.#starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - this.#starts[low]! + 1 }
  }
}
