import { CompressionType, Database } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()
const text = 'All work and no play makes Jack a dull boy. '.repeat(20)

describe('20 Compression & Storage', () => {
  test.each(Object.values(CompressionType))('Compression Settings, Compression Comparison: %s', compression => {
    using db = Database.open(directory(`compression-${compression}`), {
      compression,
      compressionLevel: compression === CompressionType.ZSTD ? 3 : 0,
      walCompression: CompressionType.NONE,
    })
    expect(db.config()).toMatchObject({ compression })
    db.putBatch(Array.from({ length: 500 }, (_, i) => [`key:${i}`, text] as const))
    db.compact()
    const { compressionRatio } = db.storageStats()
    if (compression === CompressionType.NONE) expect(compressionRatio).toBeLessThan(1.1)
    else expect(compressionRatio).toBeGreaterThan(2.5)
    expect(db.getString('key:77')).toBe(text)
  })

  test('Compression Settings: a level beside LZ4 is ignored', () => {
    using db = Database.open(directory('level'), { compression: CompressionType.LZ4, compressionLevel: 3 })
    db.put('key', text)
    expect(db.getString('key')).toBe(text)
  })

  test('Storage Statistics', () => {
    using db = Database.open(directory('statistics'))
    db.putBatch(Array.from({ length: 500 }, (_, i) => [`key:${i}`, text] as const))
    expect(db.storageStats().walSizeBytes).toBeGreaterThan(0)
    db.compact()
    const stats = db.storageStats()
    expect(stats.dataSizeBytes).toBeGreaterThan(0)
    expect(stats.indexSizeBytes).toBeGreaterThan(0)
    expect(stats.sstFileCount).toBeGreaterThan(0)
    expect(stats.levelStats.reduce((sum, { files }) => sum + files, 0)).toBe(stats.sstFileCount)
  })

  test('Compaction Control', () => {
    using db = Database.open(directory('compaction'))
    for (let round = 0; round < 3; round++) {
      db.putBatch(Array.from({ length: 100 }, (_, i) => [`key:${i}`, `${round}`] as const))
    }
    db.compact()
    db.compactLevel(0)
    expect(db.getString('key:5')).toBe('2')
    const stats = db.compactionStats()
    expect(stats.runningCompactions).toBe(0)
    expect(stats.pendingCompactions).toBe(0)
    expect(stats.completedCompactions + stats.flushes).toBeGreaterThan(0)
  })
})
