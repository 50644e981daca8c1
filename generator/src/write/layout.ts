/**
 * Lays out files of interfaces as prettier would, a hundred times as fast: they are most of what is generated, and plain. Whatever is not
 * known here for sure is left to prettier.
 */

/** Characters of a line at most. */
export const LINE_MAX = 120

/** Types on one line. No quotes within quotes, and no escapes: prettier would choose between them. */
const type = String.raw`(?:[\w$ .<>,|&\[\]{};:?()-]|'[\w .:/@-]*')+`
const name = String.raw`[A-Za-z_$][\w$]*`
const comment = /^ *\/\*\* .*\*\/$/
const opening = new RegExp(`^export interface ${name}(?: extends ${name})? \\{$`)
const member = new RegExp(`^  (?:readonly )?(?:${name}|\\[(?:key|column): string\\])\\??: ${type}$`)
const alias = new RegExp(`^export type ${name} = ${type}$`)
const importing = /^import (type )?\{ (.*) \} from '([\w./@-]+)'$/

/** `undefined`: something in it is not as plain as that. */
export function layOut(text: string): string | undefined {
  const laid: string[] = []
  let isOpen = false
  for (const line of text.split('\n')) {
    const isFirst = laid.at(-1)?.startsWith('export interface') === true
    if (line === '') {
      if (isOpen) return undefined
      if (laid.length > 0 && laid.at(-1) !== '') laid.push('')
    } else if (comment.test(line)) laid.push(line)
    else if (isOpen) {
      if (line === '}') isOpen = false
      if (isFirst && line === '}') laid[laid.length - 1] += '}'
      else if (line === '}') laid.push(line)
      else if (member.test(line)) laid.push(line)
      else {
        // An object of a JSON schema: all of its members on one line, and its end.
        const members = isFirst ? inlineMembers(line) : undefined
        if (members?.every(each => member.test(each)) !== true) return undefined
        laid.push(...members, '}')
        isOpen = false
      }
    } else if (opening.test(line)) {
      isOpen = true
      laid.push(line)
    } else if (alias.test(line)) laid.push(line)
    else {
      const broken = importLines(line)
      if (broken === undefined) return undefined
      laid.push(...broken)
    }
  }
  const isTooLong = (line: string): boolean => line.length > LINE_MAX && !comment.test(line)
  if (isOpen || laid.some(isTooLong)) return undefined
  return `${laid.join('\n').trimEnd()}\n`
}

function importLines(line: string): string[] | undefined {
  const [, isType = '', names, module] = importing.exec(line) ?? []
  if (names === undefined) return undefined
  if (line.length <= LINE_MAX) return [line]
  return [`import ${isType}{`, ...names.split(', ').map(each => `  ${each},`), `} from '${module!}'`]
}

/** `a: string; b?: { c: number } }` */
function inlineMembers(line: string): string[] | undefined {
  if (!line.endsWith(' }')) return undefined
  const text = line.slice(0, -2)
  const members: string[] = []
  let depth = 0
  let from = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (isQuoted && character !== "'") continue
    if ('{[('.includes(character)) depth++
    else if ('}])'.includes(character)) depth--
    else if (character === "'") isQuoted = !isQuoted
    else if (character === ';' && depth === 0) {
      members.push(`  ${text.slice(from, at)}`)
      from = at + 2
    }
  }
  return [...members, `  ${text.slice(from)}`]
}
