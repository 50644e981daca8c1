import * as sochdb from 'sochdb'
import {
  CollectionNotFoundError,
  DimensionMismatchError,
  ErrorCode,
  SochDBError,
  TransactionConflictError,
  type Database,
} from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

import { thrownBy } from '../support/temporary.js'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
})
afterEach(() => db.close())

const names = [
  ...['ConnectionError', 'ConnectionTimeoutError'],
  ...['TransactionError', 'TransactionConflictError', 'TransactionTimeoutError'],
  ...['DatabaseError', 'CorruptionError', 'DiskFullError'],
  ...['NamespaceNotFoundError', 'NamespaceExistsError', 'NamespaceAccessError'],
  ...['CollectionNotFoundError', 'CollectionExistsError', 'CollectionConfigError'],
  ...['ValidationError', 'DimensionMismatchError', 'InvalidMetadataError'],
  ...['QueryError', 'QuerySyntaxError', 'QueryTimeoutError'],
] as const

describe('32 Error Handling', () => {
  test.each(names)('Error Types: %s', name => {
    const make = sochdb[name] as new (message: string) => SochDBError
    const error = new make('What happened.')
    expect(error).toBeInstanceOf(SochDBError)
    expect(error.name).toBe(name)
    expect(error.message).toBe('What happened.')
    expect(Object.values(ErrorCode)).toContain(error.code)
    expect(error.remediation).not.toBe('')
  })

  test('Error Handling Pattern', () => {
    const told = (action: () => unknown): string => {
      try {
        action()
        return 'nothing'
      } catch (error) {
        if (error instanceof TransactionConflictError) return `Conflict detected: ${error.retryable}`
        if (error instanceof DimensionMismatchError) return `Expected ${error.expected} dimensions, got ${error.actual}`
        if (error instanceof CollectionNotFoundError) return `Collection not found: ${error.collection}`
        if (error instanceof SochDBError) return `Code: ${error.code}, ${error.remediation}`
        throw error
      }
    }
    const conflict = (): void => {
      const txn = db.beginTransaction()
      txn.get('key')
      txn.put('other', 'value')
      db.put('key', 'value')
      txn.commit()
    }
    db.createCollection({ name: 'documents', dimension: 3 })
    expect(told(() => db.transaction(txn => txn.put('key', 'value')))).toBe('nothing')
    expect(told(conflict)).toBe('Conflict detected: true')
    const documents = db.collection('documents')
    expect(told(() => documents.insert({ id: 'a', vector: [1] }))).toBe('Expected 3 dimensions, got 1')
    expect(told(() => db.collection('none'))).toBe('Collection not found: none')
    expect(told(() => db.namespace('none'))).toMatch(/^Code: 3001, .*createNamespace/)
  })

  test('Error Information', () => {
    const error = thrownBy(() => db.put('key', 'value', { ttlSeconds: -1 }))
    expect(error).toBeInstanceOf(SochDBError)
    expect(error.message).toContain('ttlSeconds')
    expect(error.code).toBe(ErrorCode.VALIDATION)
    expect(error.details).toMatchObject({ option: 'ttlSeconds' })
    expect(typeof error.remediation).toBe('string')
    expect(error.retryable).toBe(false)
  })
})
