import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'src', 'main.js')

interface Answer {
  readonly question: string
  readonly answers: readonly { readonly word: string; readonly score: number }[]
}

/** Runs the program as a person would, in a process of its own. */
function run(path: string, ...options: string[]): string {
  const child = spawnSync(process.execPath, [program, '--path', path, ...options], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(child.stderr)
  return child.stdout
}

describe('the dictionary', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dictionary-'))
  const store = join(directory, 'store')
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('answers five questions by meaning', () => {
    const answers = JSON.parse(run(store, '--json')) as Answer[]
    expect(answers.map(({ question, answers }) => [question, answers[0]?.word])).toEqual([
      ['a young cat', 'kitten'],
      ['the feeling of being very afraid', 'panic'],
      ['a baked food made from flour', 'bread'],
      ['a vehicle with two wheels', 'bicycle'],
      ['a machine that flies', 'aircraft'],
    ])
  }, 600_000)

  it('opens what an earlier run loaded, and answers from it', () => {
    const shown = run(store)
    expect(shown).toContain('117,791 meanings')
    expect(shown).toContain('kitten → young mammal → young → animal')
    expect(shown).toContain('noun.artifact         11605')
    const [answer] = JSON.parse(run(store, '--json', '--query', 'a small furry pet')) as Answer[]
    expect(answer?.answers.map(({ word }) => word)).toContain('pet')
  }, 600_000)
})
