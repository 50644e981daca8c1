import { Database } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()

describe('21 Statistics & Monitoring', () => {
  test('Database Statistics', () => {
    using db = Database.open(directory('statistics'))
    db.putBatch(Array.from({ length: 10 }, (_, i) => [`key:${i}`, 'value'] as const))
    db.get('key:1')
    const open = db.beginTransaction()
    const loser = db.beginTransaction()
    loser.get('key:1')
    loser.put('key:2', 'mine')
    db.put('key:1', 'of someone else')
    expect(() => loser.commit()).toThrow()

    const stats = db.stats()
    expect(stats.activeTransactions).toBe(1)
    expect(stats.committedTransactions).toBeGreaterThanOrEqual(2)
    expect(stats.abortedTransactions).toBeGreaterThanOrEqual(1)
    expect(stats.conflictRate).toBeCloseTo(stats.conflicts / (stats.committedTransactions + stats.abortedTransactions))
    expect(stats.conflicts).toBe(1)
    expect(stats.totalReads).toBeGreaterThanOrEqual(2)
    expect(stats.totalWrites).toBeGreaterThanOrEqual(11)
    expect(stats.cacheHitRate).toBeGreaterThanOrEqual(0)
    expect(stats.cacheHitRate).toBeLessThanOrEqual(1)
    expect(stats.keyCount).toBeGreaterThanOrEqual(10)
    expect(stats.totalDataBytes).toBeGreaterThan(0)
    open.abort()
  })

  test('Performance Metrics', () => {
    using db = Database.open(directory('performance'))
    for (let i = 0; i < 1000; i++) {
      db.put(`key:${i}`, 'value')
      db.get(`key:${i}`)
    }
    const metrics = db.performanceMetrics()
    expect(metrics.readLatencyP99Us).toBeGreaterThanOrEqual(metrics.readLatencyP50Us)
    expect(metrics.readLatencyP50Us).toBeGreaterThan(0)
    expect(metrics.writeLatencyP99Us).toBeGreaterThanOrEqual(metrics.writeLatencyP50Us)
    expect(metrics.writeLatencyP50Us).toBeGreaterThan(0)
    expect(metrics.readsPerSecond).toBeGreaterThan(0)
    expect(metrics.writesPerSecond).toBeGreaterThan(0)
  })
})
