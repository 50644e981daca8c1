/**
 * What would change on disk: the files that differ from what a contract gives rise to, and those of ours that it no longer
 * does. A file whose header bears the hashes of its unformatted text and of its body is left alone without being formatted.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EmittedFile } from '../emit/file.js'
import { bodyOf, headerOf, isGenerated } from '../emit/header.js'
import { ProjectError } from '../load/problem.js'
import { formatTypescript } from './format.js'

export interface Change {
  /** Below the output directory, with `/`. */
  readonly path: string
  /** What is there; absent when there is no such file. */
  readonly before?: string
  /** What shall be there; absent when the file shall go. */
  readonly after?: string
}

export interface WritePlan {
  readonly changes: readonly Change[]
  readonly unchanged: number
}

/** @throws ProjectError when a file that generation did not make is in the way. */
export async function planWrite(directory: string, files: readonly EmittedFile[], source: string): Promise<WritePlan> {
  const changes: Change[] = []
  for (const file of files) {
    const before = read(join(directory, file.path))
    if (before !== undefined && !isGenerated(before)) {
      const message = `${join(directory, file.path)} was not generated, and generating would replace it.`
      throw new ProjectError('file_in_the_way', message, 'Move it, or generate into another directory with --out.')
    }
    if (before !== undefined && isCurrent(file, source, before)) continue
    const body = file.formatted ? file.text : await formatTypescript(file.text)
    const after = headerOf(file, source, body) + body
    if (after !== before)
      changes.push(before === undefined ? { path: file.path, after } : { path: file.path, before, after })
  }
  const unchanged = files.length - changes.length
  const wanted = new Set(files.map(file => file.path))
  for (const path of generatedFiles(directory)) {
    if (!wanted.has(path)) changes.push({ path, before: readFileSync(join(directory, path), 'utf8') })
  }
  return { changes, unchanged }
}

function isCurrent(file: EmittedFile, source: string, text: string): boolean {
  const body = bodyOf(file, text)
  return text === headerOf(file, source, body) + body && (file.language !== 'json' || body === file.text)
}

/** The text of a file as git would keep it: line ends are not a difference. */
function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').replace(/\r\n/g, '\n') : undefined
}

const folders = ['', 'models', 'zod']
const extensions = /\.(ts|json|mmd)$/

/** Files of ours that are there, whatever they were made from. */
function generatedFiles(directory: string): string[] {
  return folders
    .flatMap(folder => {
      const path = join(directory, folder)
      if (!existsSync(path)) return []
      return readdirSync(path, { withFileTypes: true })
        .filter(entry => entry.isFile() && extensions.test(entry.name))
        .map(entry => (folder === '' ? entry.name : `${folder}/${entry.name}`))
    })
    .filter(path => isGenerated(readFileSync(join(directory, path), 'utf8').replace(/\r\n/g, '\n')))
    .sort()
}
