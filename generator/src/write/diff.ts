/** Unified diffs, by Myers' algorithm; beyond its limit a file is shown as replaced. */
import type { Change } from './plan.js'

const contextLines = 3
const editsMax = 2000

type Edit = { readonly kind: ' ' | '-' | '+'; readonly line: string }

/** The change as `git diff` would show it, names below `directory`. */
export function unifiedDiff(directory: string, { path, before, after }: Change): string {
  const name = `${directory}/${path}`
  const from = before === undefined ? '/dev/null' : `a/${name}`
  const to = after === undefined ? '/dev/null' : `b/${name}`
  return `--- ${from}\n+++ ${to}\n${hunks(diffLines(linesOf(before), linesOf(after)))}`
}

function linesOf(text: string | undefined): string[] {
  if (text === undefined || text === '') return []
  return text.replace(/\n$/, '').split('\n')
}

function diffLines(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const same = (lines: readonly string[]): Edit[] => lines.map(line => ({ kind: ' ', line }))
  const middle = shortestEdit(a.slice(start, a.length - end), b.slice(start, b.length - end))
  return [...same(a.slice(0, start)), ...middle, ...same(a.slice(a.length - end))]
}

/** Myers: `reach[k]` is how far down `a` the furthest path on diagonal k = x - y has come after d edits. */
function shortestEdit(a: readonly string[], b: readonly string[]): Edit[] {
  const history: Map<number, number>[] = []
  const reach = new Map([[1, 0]])
  for (let d = 0; d <= Math.min(a.length + b.length, editsMax); d++) {
    history.push(new Map(reach))
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach.get(k - 1)! < reach.get(k + 1)!)
      let x = down ? reach.get(k + 1)! : reach.get(k - 1)! + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      reach.set(k, x)
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, history)
    }
  }
  return [...a.map((line): Edit => ({ kind: '-', line })), ...b.map((line): Edit => ({ kind: '+', line }))]
}

function walkBack(a: readonly string[], b: readonly string[], history: readonly Map<number, number>[]): Edit[] {
  const edits: Edit[] = []
  let [x, y] = [a.length, b.length]
  for (let d = history.length - 1; d > 0; d--) {
    const reach = history[d]!
    const k = x - y
    const down = k === -d || (k !== d && reach.get(k - 1)! < reach.get(k + 1)!)
    const fromX = down ? reach.get(k + 1)! : reach.get(k - 1)!
    const fromY = fromX - (down ? k + 1 : k - 1)
    const afterEditX = down ? fromX : fromX + 1
    for (; x > afterEditX; x--) edits.push({ kind: ' ', line: a[x - 1]! })
    edits.push(down ? { kind: '+', line: b[fromY]! } : { kind: '-', line: a[fromX]! })
    x = fromX
    y = fromY
  }
  for (; x > 0; x--) edits.push({ kind: ' ', line: a[x - 1]! })
  return edits.reverse()
}

/** Groups edits that lie close to each other, with the lines around them. */
function hunks(edits: readonly Edit[]): string {
  let text = ''
  let [oldLine, newLine] = [1, 1]
  let index = 0
  while (index < edits.length) {
    if (edits[index]!.kind === ' ') {
      index++
      oldLine++
      newLine++
      continue
    }
    const lead = Math.min(contextLines, index)
    const end = hunkEnd(edits, index)
    const hunk = edits.slice(index - lead, end)
    const removed = hunk.filter(edit => edit.kind !== '+').length
    const added = hunk.filter(edit => edit.kind !== '-').length
    text += `@@ -${span(oldLine - lead, removed)} +${span(newLine - lead, added)} @@\n`
    text += hunk.map(({ kind, line }) => `${kind}${line}\n`).join('')
    oldLine += removed - lead
    newLine += added - lead
    index = end
  }
  return text
}

/** One past the hunk that begins at the edit `index`: where more than two contexts' worth of lines stay the same. */
function hunkEnd(edits: readonly Edit[], index: number): number {
  let last = index
  for (let i = index; i < edits.length && i - last <= 2 * contextLines; i++) if (edits[i]!.kind !== ' ') last = i
  return Math.min(edits.length, last + 1 + contextLines)
}

function span(line: number, count: number): string {
  return count === 0 ? `${line - 1},0` : count === 1 ? String(line) : `${line},${count}`
}
