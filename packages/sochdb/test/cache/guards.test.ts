import { Database } from 'sochdb'

import { namesOf } from '../../src/cache/guards/names.js'
import { sameNegation } from '../../src/cache/guards/negation.js'
import { refuses } from '../../src/cache/guards/index.js'
import { numbersOf, sameNumbers } from '../../src/cache/guards/numbers.js'
import { sameWords } from '../../src/cache/guards/words.js'
import { at } from './support.js'

describe('numbers', () => {
  test.each([
    ['12 eggs', 'twelve eggs'],
    ['a dozen eggs', '12 eggs'],
    ['1,000 users', '1000 users'],
    ['25 km to go', 'twenty-five kilometres to go'],
    ['5%', '5 percent'],
    ['$20', '20 dollars'],
    ['2 million people', '2,000,000 people'],
    ['on 2024-01-05', 'on January 5th, 2024'],
    ['on 5 Jan 2024', 'on Jan 5, 2024'],
    ['the 3rd chapter', 'the third chapter'],
    ['is this the one?', 'is this it?'],
    ['two hundred kg', '200 kilograms'],
  ])('%s and %s have the same', (a, b) => expect([numbersOf(a), sameNumbers(a, b)]).toEqual([numbersOf(b), true]))

  test.each([
    ['2 eggs', '3 eggs'],
    ['two eggs', 'three eggs'],
    ['5 km', '5 miles'],
    ['one egg', 'two eggs'],
    ['eggs', '12 eggs'],
    ['2 and 2', '2'],
    ['$20', '€20'],
    ['5 million', '5 billion'],
    ['on Monday', 'on Tuesday'],
    ['what happened yesterday', 'what happens tomorrow'],
    ['January sales', 'February sales'],
    ['2024-01-05', '2024-05-01'],
    ['version 3.1', 'version 3.10'],
    ['the first chapter', 'the second chapter'],
    ['twenty-five', 'twenty-six'],
  ])('%s and %s do not', (a, b) => expect(sameNumbers(a, b)).toBe(false))
})

describe('negation', () => {
  test.each([
    ['Is it safe?', 'Is it unsafe?'],
    ['Can I cancel?', 'Can I not cancel?'],
    ['coffee with milk', 'coffee without milk'],
    ['How do I enable it?', 'How do I disable it?'],
    ['the cheapest of all, not more', 'the cheapest of all'],
    ['before lunch', 'after lunch'],
  ])('%s / %s', (a, b) => expect(sameNegation(a, b)).toBe(false))

  test('the same in other words passes', () => {
    expect(sameNegation("Why don't cats swim?", 'Why do cats not swim?')).toBe(true)
    expect(sameNegation('Open and close a file', 'How to close and open files')).toBe(true)
  })
})

describe('names', () => {
  test('are capitals within a sentence, quoted words and identifiers', () => {
    expect([...namesOf('Who wrote "War and Peace"? Ask Anna about get_user in src/app.ts or GPT-4.')]).toEqual(
      expect.arrayContaining(['war and peace', 'anna', 'get_user', 'src/app.ts', 'gpt-4']),
    )
    expect(namesOf('Explain recursion to me. Please do. I am new.').size).toBe(0)
    expect(namesOf('WHAT IS THE TIME').size).toBe(0)
  })

  test.each([
    ['What is the capital of France?', 'What is the capital of Germany?'],
    ['What does getUser do?', 'What does getUsers2 do?'],
    ['Translate "house"', 'Translate "horse"'],
    ['the capital of France', 'the capital'],
  ])('%s is not answered by %s', (a, b) => expect(refuses({ numbers: false, negation: false }, a, b)).toBe(true))

  test.each([
    ['What is the capital of France?', "what's france's capital"],
    ['Explain recursion', 'Describe recursion'],
    ['How To Bake Bread', 'how to bake bread'],
    ['Who is Anna?', "Anna's age? Who is she"],
  ])('%s may be answered by %s', (a, b) => expect(refuses(true, a, b)).toBe(false))
})

describe('words', () => {
  test.each([
    ['Is aspirin safe for cats?', 'Is aspirin safe for dogs?'],
    ['How do I cook rice?', 'How do I cook pasta?'],
    ['Why is the sky blue', 'how is the sky blue'],
    ['best cats', 'best cars'],
    ['a sofa', 'a settee'], // a synonym is another word
    ['les chats savent-ils nager', 'les chiens savent-ils nager'],
  ])('%s / %s are the same but for a word', (a, b) => {
    expect([sameWords(a, b), sameWords(b, a)]).toEqual([false, false])
    expect(refuses({ words: true }, a, b)).toBe(true)
    expect(refuses(true, a, b)).toBe(false)
  })

  test.each([
    ['Is aspirin safe for cats?', 'is aspirin safe for cat'],
    ['How do I study a language?', 'How do I study languages?'],
    ['How do I cook rice?', 'How should I cook my rice?'],
    ['How do you cook rice?', 'How do we cook rice?'],
    ['Is aspirin safe for cats?', 'Are cats harmed by aspirin?'],
    ['the colour of cats', 'the color of cats'],
    ['', ''],
    ['?', '!'],
  ])('%s / %s may mean the same', (a, b) => expect([sameWords(a, b), sameWords(b, a)]).toEqual([true, true]))

  test('are guarded where a cache asks for it', () => {
    using db = Database.open(':memory:')
    const cache = db.cache('answers')
    cache.put({ key: 'Is aspirin safe for cats?', value: 'no', embedding: at(0) })
    const query = { key: 'Is aspirin safe for dogs?', queryEmbedding: at(2) }
    expect(cache.get(query)?.value).toBe('no')
    cache.configure({ guards: { words: true } })
    expect(cache.lookup(query).outcome).toBe('guard')
    expect(cache.get({ ...query, key: 'Is aspirin safe for a cat?' })?.value).toBe('no')
    expect(() => cache.configure({ guards: { word: true } as never })).toThrow('numbers, negation, names and words')
  })
})

test('guards refuse what is near, and the next candidate has its turn', () => {
  using db = Database.open(':memory:')
  const cache = db.cache('answers')
  cache.put({ key: 'How tall is the Eiffel Tower?', value: '330 m', embedding: at(0) })
  cache.put({ key: 'How high is Big Ben?', value: '96 m', embedding: at(8) })
  const query = { key: 'What is the height of Big Ben?', queryEmbedding: at(2) }
  expect(cache.get(query)?.value).toBe('96 m')
  expect(cache.lookup({ ...query, key: 'How tall is Anna?' })).toMatchObject({ hit: undefined, outcome: 'guard' })
  expect(cache.get({ queryEmbedding: at(2) })?.value).toBe('330 m') // without a text there is nothing to compare
  expect(cache.stats()).toMatchObject({ guardRejections: 3, semanticHits: 2, misses: 1 })
  cache.configure({ guards: { names: false } })
  expect(cache.get({ ...query, key: 'How tall is Anna?' })?.value).toBe('330 m')
  cache.configure({ guards: false })
  expect(cache.get({ ...query, key: 'How tall are 2 of Anna?' })?.value).toBe('330 m')
})

test('a verifier has the last word', async () => {
  using db = Database.open(':memory:')
  const asked: unknown[] = []
  const verify = (query: string | undefined, candidate: { key: string }): boolean => {
    asked.push([query, candidate.key])
    return candidate.key !== 'a'
  }
  const cache = db.cache('answers', { verify })
  cache.put({ key: 'a', value: 1, embedding: at(0) })
  expect(cache.lookup({ key: 'q', queryEmbedding: at(0) }).outcome).toBe('verifier')
  cache.put({ key: 'b', value: 2, embedding: at(5) })
  expect(cache.get({ key: 'q', queryEmbedding: at(0) })?.value).toBe(2)
  expect(cache.get({ key: 'a', queryEmbedding: at(0) })?.value).toBe(1) // the same key asks nobody
  expect(asked).toEqual([
    ['q', 'a'],
    ['q', 'a'],
    ['q', 'b'],
  ])
  expect(cache.stats().verifierRejections).toBe(2)
  const later = { verify: async (_: unknown, { key }: { key: string }) => Promise.resolve(key === 'b') }
  expect(() => db.cache('answers', later).get({ queryEmbedding: at(0) })).toThrow('return true or false')
  expect((await db.async.cache('answers', later).get({ queryEmbedding: at(0) }))?.value).toBe(2)
})
