import { Database, openWithRecovery, RecoveryManager } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory()

function filled(name: string): Database {
  const db = Database.open(directory(name))
  for (let i = 0; i < 100; i++) db.put(`key:${i}`, `value ${i}`)
  return db
}

describe('18 Recovery & WAL Management', () => {
  test('Recovery Manager', () => {
    using db = filled('recovery')
    const recovery = db.recovery()
    expect(recovery.needsRecovery()).toBe(false)
    const result = recovery.recover()
    expect(result.status).toBe('clean')
    expect(result.replayedEntries).toBe(0)
  })

  test('WAL Verification', () => {
    using db = filled('verification')
    const result = db.recovery().verifyWal()
    expect(result.isValid).toBe(true)
    expect(result.totalEntries).toBeGreaterThanOrEqual(100)
    expect(result.validEntries).toBe(result.totalEntries)
    expect(result.corruptedEntries).toBe(0)
    expect(result.lastValidLsn).toBeGreaterThan(0n)
    expect(result.checksumErrors).toEqual([])
  })

  test('Force Checkpoint, WAL Truncation', () => {
    using db = filled('checkpoint')
    const recovery = db.recovery()
    const { newestEntryLsn } = recovery.walStats()
    const { checkpointLsn, durationMs } = recovery.checkpoint()
    expect(checkpointLsn).toBeGreaterThanOrEqual(newestEntryLsn)
    expect(durationMs).toBeGreaterThanOrEqual(0)

    const result = recovery.truncateWal(checkpointLsn)
    expect(result.upToLsn).toBeLessThanOrEqual(checkpointLsn)
    expect(result.bytesFreed).toBeGreaterThanOrEqual(0)
    expect(() => recovery.truncateWal(checkpointLsn + 1_000_000n)).toThrow()
    expect(db.getString('key:99')).toBe('value 99')
  })

  test('WAL Statistics', () => {
    using db = filled('statistics')
    const stats = db.recovery().walStats()
    expect(stats.totalSizeBytes).toBe(stats.activeSizeBytes + stats.archivedSizeBytes)
    expect(stats.entryCount).toBeGreaterThanOrEqual(100)
    expect(stats.newestEntryLsn).toBeGreaterThan(stats.oldestEntryLsn)
  })

  test('Open with Auto-Recovery', () => {
    const db = filled('auto')
    db.close()
    using again = openWithRecovery(directory('auto'))
    expect(again.getString('key:42')).toBe('value 42')
    expect(() => RecoveryManager.forPath(directory('nowhere')).verify()).toThrow()
  })
})
