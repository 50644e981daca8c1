import { AsyncDatabase, type SearchRequest } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()

describe('33 Async Support', () => {
  test('open, keys, a transaction, a search', async () => {
    const db = await AsyncDatabase.open(directory('my_db'))

    await db.put('key', 'value')
    expect(await db.get('key')).toEqual(Buffer.from('value'))

    await db.transaction(async txn => {
      await txn.put('key1', 'value1')
      await txn.put('key2', 'value2')
    })
    expect(await db.getString('key2')).toBe('value2')

    const docs = await db.createCollection({ name: 'docs', dimension: 3 })
    await docs.insert({ id: 'a', vector: [0.1, 0.2, 0.3] })
    const request: SearchRequest = { vector: [0.1, 0.2, 0.3], k: 10 }
    const results = await db.collection('docs').search(request)
    expect(Array.from(results, ({ id }) => id)).toEqual(['a'])

    await db.close()
  })
})
