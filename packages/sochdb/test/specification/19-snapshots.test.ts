import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

describe('19 Checkpoints & Snapshots', () => {
  test('Snapshot Reader (Point-in-Time)', () => {
    db.putBatch([
      ['key', 'value'],
      ['key1', 'old'],
      ['key2', 'old'],
    ])
    const snapshot = db.snapshot()
    expect(snapshot.get('key')).toEqual(Buffer.from('value'))
    {
      using snap = db.snapshot()
      expect(snap.getString('key1')).toBe('old')
      db.putBatch([
        ['key1', 'new_value'],
        ['key2', 'new_value'],
      ])
      expect(snap.getString('key2')).toBe('old')
    }
    expect(snapshot.getString('key1')).toBe('old')
    expect(db.getString('key1')).toBe('new_value')
    snapshot.close()
    expect(() => snapshot.get('key')).toThrow()
  })
})
