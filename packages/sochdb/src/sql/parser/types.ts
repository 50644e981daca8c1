/** Names of types, as they are written. */
import { isName, isWord } from './words.js'
import type { Cursor } from './cursor.js'
import { decodeString } from './literals.js'

/** Behind `::`, or in front of a string: exactly one type, as other words may follow. */
export function typeOfOperand(c: Cursor): string {
  const start = c.at
  const first = c.source().toLowerCase()
  c.name('a type')
  if (c.accept('.')) c.label('a type')
  if (first === 'double') c.accept('precision')
  else if (first === 'character' || first === 'char' || first === 'bit') c.accept('varying')
  length(c)
  if (first === 'time' || first === 'timestamp') zone(c)
  arraySuffix(c)
  return c.since(start)
}

/** In CAST: all words up to the parenthesis. */
export function typeOfCast(c: Cursor): string {
  const start = c.at
  do c.label('a type')
  while (
    (c.peek() !== 'character' || c.ahead(1) !== 'set') &&
    c.peek() !== 'charset' &&
    isWord(c.peek()) &&
    !isArray(c)
  )
  length(c)
  while (c.peek() === 'with' || c.peek() === 'without' || c.peek() === 'varying' || c.peek() === 'unsigned') {
    if (c.peek() === 'with' || c.peek() === 'without') zone(c)
    else ++c.pos
  }
  arraySuffix(c)
  const type = c.since(start)
  if (c.accept('charset') || c.acceptPair('character', 'set')) c.name('a character set')
  return type
}

/** Words that end the type of a column, although they could be names. */
const COLUMN_WORDS = new Set(
  `auto_increment autoincrement generated identity character charset comment after first visible invisible virtual stored
  storage key on rename modify change add drop alter deferrable initially always binary enforced with without set
  using references primary unique check default constraint collate not null as`.match(/\S+/g),
)

export interface ColumnType {
  readonly type: string | undefined
  readonly enum: readonly string[] | undefined
}

/** Of a column's definition: none, or words with a length in between. */
export function typeOfColumn(c: Cursor): ColumnType {
  const start = c.at
  if (c.peek() === 'enum' && c.ahead(1) === '(') {
    c.pos += 2
    const values = c.list(() => {
      if (!c.is('#string')) c.fail()
      const value = decodeString(c.source(), c.dialect)
      ++c.pos
      return value
    }, true)
    return { type: 'enum', enum: values }
  }
  if (c.peek() === 'set' && c.ahead(1) === '(')
    c.refuse('The type SET', 'Use a text with a CHECK, or a table of its own.')
  const first = c.peek()
  if (!startsType(c)) return { type: undefined, enum: undefined }
  c.label()
  if (c.accept('.')) c.label('a type')
  while (startsType(c) && !isArray(c)) ++c.pos
  length(c)
  if (first === 'time' || first === 'timestamp') zone(c)
  while (c.peek() === 'unsigned' || c.peek() === 'zerofill' || c.peek() === 'signed' || c.peek() === 'varying') {
    ++c.pos
    length(c)
  }
  arraySuffix(c)
  return { type: c.since(start), enum: undefined }
}

function startsType(c: Cursor): boolean {
  if (c.peek() === '#string' && c.dialect !== 'postgres') return true
  if (c.peek() === 'character' || c.peek() === 'binary') return c.ahead(1) !== 'set' && c.lastEnd < c.at
  return (isName(c.peek()) || c.peek() === 'any') && !COLUMN_WORDS.has(c.peek())
}

/** `(20)`, `(10, 2)`. */
function length(c: Cursor): void {
  if (c.peek() !== '(') return
  ++c.pos
  c.list(() => {
    if (!c.accept('-')) c.accept('+')
    if (c.peek() !== '#number' && !isWord(c.peek()) && c.peek() !== '#parameter') c.fail('a number')
    ++c.pos
  }, true)
}

/** `WITH TIME ZONE`. */
function zone(c: Cursor): void {
  if ((c.peek() === 'with' || c.peek() === 'without') && c.ahead(1) === 'time' && c.ahead(2) === 'zone') c.pos += 3
}

/** `[]`, `[3]`; where brackets quote names, that is such a name. */
function isArray(c: Cursor): boolean {
  return c.peek() === '[' || (c.peek() === '#quoted' && /^\[[0-9]*\]$/.test(c.source()))
}

function arraySuffix(c: Cursor): void {
  while (isArray(c)) {
    if (c.peek() === '[') {
      ++c.pos
      if (c.peek() === '#number') ++c.pos
      if (!c.is(']')) c.fail()
    }
    ++c.pos
  }
}
