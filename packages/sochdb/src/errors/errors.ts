import { brand } from './brand.js'
import { ErrorCode } from './error-code.js'

/** Named facts about an error, for programs: `{ option: 'syncMode' }`, `{ pid: 4711 }`. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** What an error says beside its message. */
export interface SochDBErrorOptions {
  readonly code?: ErrorCode
  readonly details?: ErrorDetails
  /** What to do about it, as a sentence. */
  readonly remediation?: string
  /** Whether doing the same thing again, unchanged, may succeed. */
  readonly retryable?: boolean
  readonly cause?: unknown
}

function brandError(target: { readonly prototype: object }, name: string): void {
  brand(target, name)
  Object.defineProperty(target.prototype, 'name', { value: name, writable: true, configurable: true })
}

/**
 * What every operation throws. `instanceof` works across copies of this package (an ESM and a CJS build in one process).
 *
 * @example
 * try { db.put(key, value) } catch (error) {
 *   if (error instanceof SochDBError && error.retryable) …
 * }
 */
export class SochDBError extends Error {
  static {
    brandError(this, 'SochDBError')
  }
  /** A number of `ErrorCode`: the thousands say where the error comes from. */
  readonly code: ErrorCode
  readonly details: ErrorDetails
  readonly remediation: string
  readonly retryable: boolean

  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code ?? ErrorCode.INTERNAL
    this.details = options.details ?? {}
    this.remediation =
      options.remediation ?? 'See the message; if it does not help, report it with the steps that led here.'
    this.retryable = options.retryable ?? false
  }

  /** All of it as plain data, for logs and for the wire. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, details, remediation, retryable } = this
    return { name, message, code, details, remediation, retryable }
  }
}

// --- connection ---

/** A server could not be reached, or the connection to it broke. */
export class ConnectionError extends SochDBError {
  static {
    brandError(this, 'ConnectionError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.CONNECTION_FAILED,
      remediation: 'Check that the server runs and that the address is right.',
      retryable: true,
      ...options,
    })
  }
}

/** A server did not answer in time. */
export class ConnectionTimeoutError extends ConnectionError {
  static {
    brandError(this, 'ConnectionTimeoutError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, { code: ErrorCode.CONNECTION_TIMEOUT, ...options })
  }
}

// --- transactions ---

/** A transaction was used in a way it cannot be: it is finished, or may not do this now. */
export class TransactionError extends SochDBError {
  static {
    brandError(this, 'TransactionError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.TRANSACTION_ERROR,
      remediation: 'Use the transaction only between its beginning and its end.',
      ...options,
    })
  }
}

/** Another transaction committed something this one had read (or, in `snapshot`, written). Running it again may succeed. */
export class TransactionConflictError extends TransactionError {
  static {
    brandError(this, 'TransactionConflictError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.TRANSACTION_CONFLICT,
      remediation: 'Run the transaction again from its beginning.',
      retryable: true,
      ...options,
    })
  }
}

/**
 * The transaction ran past its `timeoutMs`, could not have the writer in that time, or waited in vain for compaction to catch up:
 * then `details.stall` is `'flush'` or `'compaction'`.
 */
export class TransactionTimeoutError extends TransactionError {
  static {
    brandError(this, 'TransactionTimeoutError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.TRANSACTION_TIMEOUT,
      remediation: 'Make the transaction shorter, or raise timeoutMs.',
      retryable: true,
      ...options,
    })
  }
}

// --- storage ---

/** The store, or the handle to it, cannot do what was asked: it is closed, read-only, or at a limit (`code` tells which). */
export class DatabaseError extends SochDBError {
  static {
    brandError(this, 'DatabaseError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, { code: ErrorCode.DATABASE_ERROR, ...options })
  }
}

/** What stood in the way of a migration. */
export type MigrationReason =
  /** A folder or a file of the migrations is not what it must be, or was edited after it was applied. */
  | 'folder'
  /** Two branches of migrations, and nothing that joins them. */
  | 'heads'
  /** The store is not what the migrations have made of it. */
  | 'drift'
  /** It would destroy data, and nobody allowed that. */
  | 'permission'
  /** Rows that are there do not meet what is to hold. */
  | 'check'
  /** It cannot be taken back, or there is nothing to do it to. */
  | 'state'

/** A migration was refused, or was undone because a part of it failed: the store is as it was before it. */
export class MigrationError extends DatabaseError {
  static {
    brandError(this, 'MigrationError')
  }
  readonly reason: MigrationReason

  constructor(
    message: string,
    { reason = 'state', ...options }: SochDBErrorOptions & { readonly reason?: MigrationReason } = {},
  ) {
    super(message, { code: ErrorCode.MIGRATION, ...options })
    this.reason = reason
  }
}

/** Another process holds the store. `pid` is its process id, where it is known. */
export class DatabaseLockedError extends DatabaseError {
  static {
    brandError(this, 'DatabaseLockedError')
  }
  readonly pid: number | undefined

  constructor(message: string, options: SochDBErrorOptions & { readonly pid?: number | undefined } = {}) {
    super(message, {
      code: ErrorCode.DATABASE_LOCKED,
      remediation: 'Close the database in the process that holds it; a store is open in one process at a time.',
      retryable: true,
      ...options,
    })
    this.pid = options.pid
  }
}

/** Bytes on disk are not what was written. `details` names the file and the offset. */
export class CorruptionError extends DatabaseError {
  static {
    brandError(this, 'CorruptionError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.CORRUPTION,
      remediation:
        'Restore a backup, and check the disk: the file named in details does not hold what was written to it.',
      ...options,
    })
  }
}

/** There is no room on the disk. The operation left no trace; reading goes on. */
export class DiskFullError extends DatabaseError {
  static {
    brandError(this, 'DiskFullError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.DISK_FULL,
      remediation:
        'Make room on the disk and write again: nothing acknowledged is lost, and reading goes on. The log takes its space in steps of 1 MiB and more.',
      retryable: true,
      ...options,
    })
  }
}

// --- namespaces ---

interface NamespaceErrorOptions extends SochDBErrorOptions {
  readonly namespace?: string
}

/** There is no namespace of this name, or it was deleted since the handle was made. */
export class NamespaceNotFoundError extends SochDBError {
  static {
    brandError(this, 'NamespaceNotFoundError')
  }
  readonly namespace: string | undefined

  constructor(message: string, options: NamespaceErrorOptions = {}) {
    super(message, {
      code: ErrorCode.NAMESPACE_NOT_FOUND,
      remediation: 'Create it with createNamespace, or look at listNamespaces for the name.',
      ...options,
    })
    this.namespace = options.namespace
  }
}

/** There is a namespace of this name already. */
export class NamespaceExistsError extends SochDBError {
  static {
    brandError(this, 'NamespaceExistsError')
  }
  readonly namespace: string | undefined

  constructor(message: string, options: NamespaceErrorOptions = {}) {
    super(message, {
      code: ErrorCode.NAMESPACE_EXISTS,
      remediation: 'Use getOrCreateNamespace, or choose another name.',
      ...options,
    })
    this.namespace = options.namespace
  }
}

/** A namespace may not be reached, or not be deleted, from where it was tried. */
export class NamespaceAccessError extends SochDBError {
  static {
    brandError(this, 'NamespaceAccessError')
  }
  readonly namespace: string | undefined

  constructor(message: string, options: NamespaceErrorOptions = {}) {
    super(message, {
      code: ErrorCode.NAMESPACE_ACCESS_DENIED,
      remediation: 'Use a name that is allowed, or one that you may reach.',
      ...options,
    })
    this.namespace = options.namespace
  }
}

// --- collections ---

interface CollectionErrorOptions extends SochDBErrorOptions {
  readonly collection?: string
}

/** There is no collection of this name, or it was deleted since the handle was made. */
export class CollectionNotFoundError extends SochDBError {
  static {
    brandError(this, 'CollectionNotFoundError')
  }
  readonly collection: string | undefined

  constructor(message: string, options: CollectionErrorOptions = {}) {
    super(message, {
      code: ErrorCode.COLLECTION_NOT_FOUND,
      remediation: 'Create it with createCollection, or look at listCollections for the name.',
      ...options,
    })
    this.collection = options.collection
  }
}

/** There is a collection of this name already. */
export class CollectionExistsError extends SochDBError {
  static {
    brandError(this, 'CollectionExistsError')
  }
  readonly collection: string | undefined

  constructor(message: string, options: CollectionErrorOptions = {}) {
    super(message, {
      code: ErrorCode.COLLECTION_EXISTS,
      remediation: 'Use the collection that exists, or choose another name.',
      ...options,
    })
    this.collection = options.collection
  }
}

/** A collection of this name exists with another configuration, or does not have what was asked of it. */
export class CollectionConfigError extends SochDBError {
  static {
    brandError(this, 'CollectionConfigError')
  }
  readonly collection: string | undefined

  constructor(message: string, options: CollectionErrorOptions = {}) {
    super(message, {
      code: ErrorCode.COLLECTION_CONFIG,
      remediation:
        "A collection's configuration is fixed when it is created: create another collection for another one.",
      ...options,
    })
    this.collection = options.collection
  }
}

// --- queries ---

/** A statement or a query cannot run: it names what is not there, or asks for what does not go together. */
export class QueryError extends SochDBError {
  static {
    brandError(this, 'QueryError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, { code: ErrorCode.QUERY_ERROR, remediation: 'Correct the statement or its parameters.', ...options })
  }
}

/** The statement's text does not parse. `position` is the offset in it, where it is known. */
export class QuerySyntaxError extends QueryError {
  static {
    brandError(this, 'QuerySyntaxError')
  }
  readonly position: number | undefined

  constructor(message: string, options: SochDBErrorOptions & { readonly position?: number } = {}) {
    super(message, { code: ErrorCode.QUERY_SYNTAX, remediation: 'Correct the text of the statement.', ...options })
    this.position = options.position
  }
}

/** `findOrThrow` found no row. */
export class RowNotFoundError extends QueryError {
  static {
    brandError(this, 'RowNotFoundError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.ROW_NOT_FOUND,
      remediation: 'Use find, which gives undefined, where a row may be missing.',
      ...options,
    })
  }
}

/** A query took longer than its `timeoutMs`. Nothing of what it wrote remains. */
export class QueryTimeoutError extends QueryError {
  static {
    brandError(this, 'QueryTimeoutError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.QUERY_TIMEOUT,
      remediation: 'Raise timeoutMs, narrow the query, or add an index it can use.',
      retryable: true,
      ...options,
    })
  }
}

interface ConstraintErrorOptions extends SochDBErrorOptions {
  readonly table?: string | undefined
  readonly constraint?: string | undefined
}

/** A row has a key that another row has: of `table`, by `constraint`. */
export class UniqueConstraintError extends QueryError {
  static {
    brandError(this, 'UniqueConstraintError')
  }
  readonly table: string | undefined
  readonly constraint: string | undefined

  constructor(message: string, options: ConstraintErrorOptions = {}) {
    super(message, {
      code: ErrorCode.UNIQUE_CONSTRAINT,
      remediation: 'Use another value, or say what to do with ON CONFLICT.',
      ...options,
    })
    this.table = options.table
    this.constraint = options.constraint
  }
}

/** A row refers to one that is not there, or is referred to by others and may not go. */
export class ForeignKeyError extends QueryError {
  static {
    brandError(this, 'ForeignKeyError')
  }
  readonly table: string | undefined
  readonly constraint: string | undefined

  constructor(message: string, options: ConstraintErrorOptions = {}) {
    super(message, {
      code: ErrorCode.FOREIGN_KEY_CONSTRAINT,
      remediation: 'Write the row that is referred to first; delete the rows that refer to it first.',
      ...options,
    })
    this.table = options.table
    this.constraint = options.constraint
  }
}

/** A row does not meet a CHECK of its table. */
export class CheckError extends QueryError {
  static {
    brandError(this, 'CheckError')
  }
  readonly table: string | undefined
  readonly constraint: string | undefined

  constructor(message: string, options: ConstraintErrorOptions = {}) {
    super(message, {
      code: ErrorCode.CHECK_CONSTRAINT,
      remediation: 'Use a value that the check allows.',
      ...options,
    })
    this.table = options.table
    this.constraint = options.constraint
  }
}

/** A column that takes no NULL was given one, or nothing. */
export class NotNullError extends QueryError {
  static {
    brandError(this, 'NotNullError')
  }
  readonly table: string | undefined
  readonly column: string | undefined

  constructor(message: string, options: ConstraintErrorOptions & { readonly column?: string | undefined } = {}) {
    super(message, {
      code: ErrorCode.NOT_NULL_CONSTRAINT,
      remediation: 'Give the column a value, or a default.',
      ...options,
    })
    this.table = options.table
    this.column = options.column
  }
}

// --- validation ---

/** An argument is not what the operation takes. Nothing was done. */
export class ValidationError extends SochDBError {
  static {
    brandError(this, 'ValidationError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.VALIDATION,
      remediation: 'Correct the argument that the message names.',
      ...options,
    })
  }
}

/** A vector has `actual` values where `expected` are needed. */
export class DimensionMismatchError extends ValidationError {
  static {
    brandError(this, 'DimensionMismatchError')
  }
  readonly expected: number | undefined
  readonly actual: number | undefined

  constructor(
    message: string,
    options: SochDBErrorOptions & { readonly expected?: number; readonly actual?: number } = {},
  ) {
    super(message, {
      code: ErrorCode.DIMENSION_MISMATCH,
      remediation: 'Embed with the model that filled the collection, or create another collection.',
      ...options,
    })
    this.expected = options.expected
    this.actual = options.actual
  }
}

/** Metadata or properties are not what JSON can say, or not what a schema asks for; the message names the place. */
export class InvalidMetadataError extends ValidationError {
  static {
    brandError(this, 'InvalidMetadataError')
  }
  constructor(message: string, options: SochDBErrorOptions = {}) {
    super(message, {
      code: ErrorCode.INVALID_METADATA,
      remediation: 'Metadata is a JSON object: strings, finite numbers, booleans, null, arrays and objects.',
      ...options,
    })
  }
}
