/**
 * Writes index/text/unicode_tables.cc from the Unicode data of this Node: what kind of character of a word each code point is
 * (UAX #29), and its simple case folding.
 *
 * node native/unicode_tables.mjs
 */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAX = 0x10ffff
const unspaced =
  /[\p{Ideographic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}]/u
const single = {
  // The Word_Break values that properties do not give. ':' does not join words, as in CLDR.
  kMidLetter: '\u00b7\u0387\u055f\u05f4\u2027',
  kMidNumber: ',;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b',
  kMidNumberOrLetter: "'.\u2018\u2019\u2024\ufe52\uff07\uff0e",
  kKatakana: '\u3031\u3032\u3033\u3034\u3035\u309b\u309c\u30a0\u30fc\uff70',
  kJoiner: '\u202f',
}

function classOf(cp) {
  const text = String.fromCodePoint(cp)
  for (const [name, all] of Object.entries(single)) if (all.includes(text)) return name
  if (cp === 0x200b) return undefined
  if (/[\p{Grapheme_Extend}\p{Mc}\p{Emoji_Modifier}\p{Cf}]/u.test(text)) return 'kExtend'
  if (/\p{Pc}/u.test(text)) return 'kJoiner'
  if (/\p{Nd}/u.test(text)) return 'kDigit'
  if (!/\p{Alphabetic}/u.test(text) && !/\p{Ideographic}/u.test(text)) return undefined
  if (/\p{Script=Katakana}/u.test(text)) return 'kKatakana'
  return unspaced.test(text) ? 'kUnspaced' : 'kLetter'
}

function foldOf(cp) {
  const text = String.fromCodePoint(cp)
  const one = s => ([...s].length === 1 ? s : undefined)
  const upper = one(text.toUpperCase()) ?? text
  const folded = one(upper.toLowerCase()) ?? upper
  // What a regular expression says is the same letter.
  const same = new RegExp(`^\\u{${cp.toString(16)}}$`, 'iu').test(folded)
  return same ? folded.codePointAt(0) : cp
}

const surrogate = cp => cp >= 0xd800 && cp <= 0xdfff
const hex = n => `0x${n.toString(16)}`

// A range goes on over what is not assigned: it is as good there as no range.
const ranges = []
for (let cp = 0; cp <= MAX; cp++) {
  if (surrogate(cp) || /\p{Cn}/u.test(String.fromCodePoint(cp))) continue
  const kind = classOf(cp)
  const last = ranges.at(-1)
  if (last !== undefined && last.kind === kind) last.to = cp
  else ranges.push({ from: cp, to: cp, kind })
}

// Runs of letters that fold by the same distance, one after the other or every second one.
const folds = []
for (let cp = 0; cp <= MAX; cp++) {
  if (surrogate(cp)) continue
  const delta = foldOf(cp) - cp
  if (delta === 0) continue
  const last = folds.at(-1)
  const step = last === undefined ? 0 : cp - last.to
  if (last?.delta === delta && (last.step === step || (last.from === last.to && step <= 2))) {
    last.to = cp
    last.step = step
  } else folds.push({ from: cp, to: cp, delta, step: 1 })
}

function wrap(items) {
  const lines = ['']
  for (const item of items) {
    if (lines.at(-1).length + item.length > 124) lines.push('')
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '    ' : ' '}${item},`
  }
  return lines.join('\n')
}

const text = `// Written by unicode_tables.mjs from Unicode ${process.versions.unicode}; do not edit.

#include "index/text/unicode_tables.h"

namespace sochdb::unicode {

using enum WordClass;

// clang-format off
const WordRange kWordRanges[] = {
${wrap(ranges.filter(({ kind }) => kind !== undefined).map(({ from, to, kind }) => `{${hex(from)}, ${hex(to)}, ${kind}}`))}
};
const size_t kWordRangeCount = sizeof(kWordRanges) / sizeof(kWordRanges[0]);

const FoldRange kFoldRanges[] = {
${wrap(folds.map(({ from, to, delta, step }) => `{${hex(from)}, ${hex(to)}, ${delta}, ${step}}`))}
};
const size_t kFoldRangeCount = sizeof(kFoldRanges) / sizeof(kFoldRanges[0]);
// clang-format on

}  // namespace sochdb::unicode
`
const file = join(dirname(fileURLToPath(import.meta.url)), 'index', 'text', 'unicode_tables.cc')
writeFileSync(file, text)
