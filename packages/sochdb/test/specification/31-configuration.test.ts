import { CompressionType, Database, SyncMode } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()

describe('31 Configuration Reference', () => {
  test('Database Configuration', () => {
    const options = {
      walEnabled: true,
      syncMode: SyncMode.NORMAL,
      memtableSizeBytes: 64 * 1024 * 1024,
      blockCacheSizeBytes: 256 * 1024 * 1024,
      groupCommit: true,
      compression: CompressionType.LZ4,
      indexPolicy: 'balanced',
      compactionThreads: 2,
      flushThreads: 1,
    } as const
    using db = Database.open(directory('my_db'), options)
    expect(db.config()).toMatchObject(options)
  })

  test.each(Object.values(SyncMode))('Sync Modes: %s', syncMode => {
    const path = directory(`sync-${syncMode}`)
    {
      using db = Database.open(path, { syncMode })
      db.put('key', 'value')
      expect(db.config().syncMode).toBe(syncMode)
    }
    using again = Database.open(path)
    expect(again.getString('key')).toBe('value')
  })

  test('CollectionConfig Reference', () => {
    using db = openTestDatabase()
    expect(db.createCollection({ name: 'documents', dimension: 384 }).info()).toMatchObject({
      name: 'documents',
      dimension: 384,
      metric: 'cosine',
      m: 16,
      efConstruction: 100,
      efSearch: 50,
      quantization: 'none',
      enableHybridSearch: false,
      contentField: [],
    })
  })

  test('Environment Variables: SOCHDB_DISABLE_ANALYTICS has nothing to disable', () => {
    process.env.SOCHDB_DISABLE_ANALYTICS = '1'
    try {
      using db = openTestDatabase()
      expect(db.isOpen).toBe(true)
    } finally {
      delete process.env.SOCHDB_DISABLE_ANALYTICS
    }
  })
})
