import * as sochdb from 'sochdb'
import { errorFromNative } from 'sochdb/internal'

const { ErrorCode, SochDBError } = sochdb

type ErrorClass = new (message: string, options?: object) => sochdb.SochDBError

/** Each class, its code, and what else it is. */
const classes: Readonly<Record<string, readonly [code: number, ...parents: string[]]>> = {
  ConnectionError: [1001],
  ConnectionTimeoutError: [1002, 'ConnectionError'],
  TransactionError: [2001],
  TransactionConflictError: [2002, 'TransactionError'],
  TransactionTimeoutError: [2003, 'TransactionError'],
  NamespaceNotFoundError: [3001],
  NamespaceExistsError: [3002],
  NamespaceAccessError: [3003],
  CollectionNotFoundError: [4001],
  CollectionExistsError: [4002],
  CollectionConfigError: [4003],
  QueryError: [5001],
  QuerySyntaxError: [5002, 'QueryError'],
  QueryTimeoutError: [5003, 'QueryError'],
  RowNotFoundError: [5006, 'QueryError'],
  UniqueConstraintError: [5101, 'QueryError'],
  ForeignKeyError: [5102, 'QueryError'],
  CheckError: [5103, 'QueryError'],
  NotNullError: [5104, 'QueryError'],
  ValidationError: [6001],
  DimensionMismatchError: [6002, 'ValidationError'],
  InvalidMetadataError: [6003, 'ValidationError'],
  DatabaseError: [7001],
  DatabaseLockedError: [7003, 'DatabaseError'],
  CorruptionError: [7004, 'DatabaseError'],
  DiskFullError: [7005, 'DatabaseError'],
  MigrationError: [7012, 'DatabaseError'],
}

const classOf = (name: string) => (sochdb as unknown as Record<string, ErrorClass>)[name]!

describe.each(Object.entries(classes))('%s', (name, [code, ...parents]) => {
  const error = new (classOf(name))('What happened.', { details: { fact: 1 } })

  test('carries name, message, code, details and what to do', () => {
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(SochDBError)
    expect(error).toMatchObject({ name, message: 'What happened.', code, details: { fact: 1 } })
    expect(error.remediation.length).toBeGreaterThan(10)
    expect(typeof error.retryable).toBe('boolean')
    expect(error.stack).toContain(name)
    expect(Object.values(ErrorCode)).toContain(code)
  })

  test('is an instance of its parents, and of no other class', () => {
    for (const other of Object.keys(classes)) {
      expect(error instanceof classOf(other)).toBe(other === name || parents.includes(other))
    }
  })
})

test('every exported error is in the table above', () => {
  const exported = Object.keys(sochdb).filter(name => name.endsWith('Error') && name !== 'SochDBError')
  expect(exported.sort()).toEqual(Object.keys(classes).sort())
})

test('codes are unique, and their thousands say where an error comes from', () => {
  const codes = Object.values(ErrorCode)
  expect(new Set(codes).size).toBe(codes.length)
  expect(codes.every(code => code >= 1000 && code < 10_000)).toBe(true)
  expect(Object.isFrozen(ErrorCode)).toBe(true)
})

test('classes are recognised by brand: an error of another copy of the package is one of ours', () => {
  const foreign = Object.create(Error.prototype, {
    [Symbol.for('sochdb/SochDBError')]: { value: true },
    [Symbol.for('sochdb/TransactionError')]: { value: true },
  }) as Error
  expect(foreign).toBeInstanceOf(sochdb.TransactionError)
  expect(foreign).toBeInstanceOf(SochDBError)
  expect(foreign).not.toBeInstanceOf(sochdb.TransactionConflictError)
  for (const not of [null, undefined, 5, 'x', {}, new Error('x')]) expect(not instanceof SochDBError).toBe(false)
})

test('a class that an application derives keeps the ordinary instanceof', () => {
  class Mine extends sochdb.DatabaseError {}
  expect(new Mine('x')).toBeInstanceOf(Mine)
  expect(new Mine('x')).toBeInstanceOf(sochdb.DatabaseError)
  expect(new sochdb.DatabaseError('x')).not.toBeInstanceOf(Mine)
})

test('an error becomes plain data for logs, and keeps its cause', () => {
  const cause = new RangeError('below')
  const error = new sochdb.CorruptionError('Bad block.', { details: { file: 'a', offset: 5 }, cause })
  expect(error.cause).toBe(cause)
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'CorruptionError',
    message: 'Bad block.',
    code: 7004,
    details: { file: 'a', offset: 5 },
    remediation: error.remediation,
    retryable: false,
  })
})

test('particular facts are properties of their own', () => {
  expect(new sochdb.CollectionNotFoundError('x', { collection: 'chunks' }).collection).toBe('chunks')
  expect(new sochdb.NamespaceNotFoundError('x', { namespace: 'tenant' }).namespace).toBe('tenant')
  expect(new sochdb.DimensionMismatchError('x', { expected: 3, actual: 4 })).toMatchObject({ expected: 3, actual: 4 })
  expect(new sochdb.DatabaseLockedError('x', { pid: 7 }).pid).toBe(7)
  expect(new sochdb.QuerySyntaxError('x', { position: 9 }).position).toBe(9)
})

describe('errors of the engine', () => {
  const native = (nativeCode: number, details: Record<string, string> = {}) => ({ nativeCode, message: 'm', details })

  test.each([
    [1, 'DatabaseError', 7011],
    [2, 'ValidationError', 6001],
    [3, 'TransactionConflictError', 2002],
    [4, 'TransactionTimeoutError', 2003],
    [5, 'QueryError', 5004],
    [6, 'CorruptionError', 7004],
    [7, 'DatabaseError', 7006],
    [8, 'DiskFullError', 7005],
    [9, 'DatabaseLockedError', 7003],
    [10, 'DatabaseError', 7007],
    [11, 'DatabaseError', 7002],
    [12, 'TransactionError', 2001],
    [13, 'DatabaseError', 7008],
    [14, 'QueryError', 5005],
    [15, 'UniqueConstraintError', 5101],
    [16, 'ForeignKeyError', 5102],
    [17, 'NotNullError', 5104],
    [18, 'CheckError', 5103],
    [19, 'SochDBError', 9002],
    [20, 'SochDBError', 9001],
    [21, 'DatabaseError', 7009],
    [22, 'DatabaseError', 7010],
    [99, 'SochDBError', 9001],
  ])('code %d becomes %s', (nativeCode, name, code) => {
    expect(errorFromNative(native(nativeCode))).toMatchObject({ name, code, message: 'm' })
  })

  test('running out of time is named after what was going on', () => {
    expect(errorFromNative(native(4), 'query')).toBeInstanceOf(sochdb.QueryTimeoutError)
    expect(errorFromNative(native(4), 'transaction')).toBeInstanceOf(sochdb.TransactionTimeoutError)
  })

  test('a write that waited in vain for compaction can be done again, and says how to avoid that', () => {
    const stall = native(4, { stall: 'compaction', runs: '24', waitedMs: '5000', waitingMemtables: '1' })
    for (const context of ['transaction', 'query'] as const) {
      expect(errorFromNative(stall, context)).toMatchObject({
        retryable: true,
        remediation: expect.stringMatching(/Wait .* fewer writers .* memtableSizeBytes, .* writeOptimized/) as string,
        details: { stall: 'compaction', runs: 24, waitedMs: 5000, waitingMemtables: 1 },
      })
    }
    expect(errorFromNative(native(4), 'transaction')).toMatchObject({
      remediation: 'Make the transaction shorter, or raise timeoutMs.',
    })
  })

  test('details become properties, and counts become numbers', () => {
    expect(errorFromNative(native(9, { pid: '4711', file: 'LOCK' }))).toMatchObject({
      pid: 4711,
      details: { file: 'LOCK' },
    })
    expect(errorFromNative(native(9, { pid: 'unknown' }))).toMatchObject({ pid: undefined })
    expect(errorFromNative(native(15, { table: 'users', index: 'users_email' }))).toMatchObject({
      table: 'users',
      constraint: 'users_email',
    })
    expect(errorFromNative(native(17, { table: 'users', column: 'email' }))).toMatchObject({ column: 'email' })
    expect(errorFromNative(native(6, { offset: '512' }))).toMatchObject({ details: { offset: 512 } })
  })

  test('what is no error of the engine comes back as it is', () => {
    const other = new RangeError('x')
    for (const error of [other, null, undefined, 'text', 5]) expect(errorFromNative(error)).toBe(error)
  })
})
