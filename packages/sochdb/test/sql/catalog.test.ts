import { CollectionConfigError, QueryError, ValidationError } from '../../src/errors/index.js'
import {
  createCollection,
  createIndex,
  createTable,
  dropCollection,
  dropIndex,
  dropTable,
  getCollection,
  getMetadata,
  getTable,
  listCollections,
  listTables,
  setMetadata,
  truncateTable,
} from '../../src/sql/catalog/index.js'
import type { TableSpec } from '../../src/sql/catalog/index.js'
import { documents, MemoryCatalog, NAMESPACE, tags, users } from './support.js'

let store: MemoryCatalog
beforeEach(() => (store = new MemoryCatalog()))
const create = (spec: TableSpec) => createTable(store, NAMESPACE, spec)

describe('tables', () => {
  test('what is created is found again, whatever the case of its name', () => {
    const entry = create(users)
    expect(getTable(store, NAMESPACE, 'USERS')!.entry).toEqual(entry)
    expect(entry.primaryKey).toEqual([0])
    expect(entry.columns[0]).toEqual({ id: 1, name: 'id', type: 'uuid', notNull: true, default: { kind: 'uuid7' } })
    expect(getTable(store, NAMESPACE + 1, 'users')).toBeUndefined()
  })

  test('columns of the primary key take no NULL', () => {
    const entry = create({ ...tags, columns: tags.columns.map(column => ({ ...column, nullable: true })) })
    expect(entry.columns.map(column => column.notNull)).toEqual([true, true, false])
  })

  test('ids are never used again', () => {
    const first = create(users)
    const second = create(documents)
    dropTable(store, NAMESPACE, 'users')
    const third = create(users)
    expect(new Set([first.id, second.id, third.id]).size).toBe(3)
    const emptied = truncateTable(store, NAMESPACE, 'users')
    expect(emptied.id).toBeGreaterThan(third.id)
    expect(emptied.generation).toBe(2)
  })

  test('a table leaves nothing behind when it is dropped but the counter of ids, and word of its rows for compaction', () => {
    create(users)
    dropTable(store, NAMESPACE, 'users')
    expect(store.size).toBe(2)
    expect(dropTable(store, NAMESPACE, 'users', { ifExists: true })).toBe(false)
    create(documents)
    expect(() => dropTable(store, NAMESPACE, 'document')).toThrow(
      'There is no table "document". Did you mean "documents"?',
    )
  })

  test('names are taken once', () => {
    create(users)
    expect(() => create({ ...users, name: 'Users' })).toThrow(QueryError)
    expect(() => create({ ...documents, indexes: [{ ...documents.indexes![0]!, name: 'USERS_EMAIL' }] })).toThrow(
      'There is an index "USERS_EMAIL" already, on table "users".',
    )
  })

  test('tables are listed by name', () => {
    create(users)
    create(documents)
    create(tags)
    expect(listTables(store, NAMESPACE).map(table => table.entry.name)).toEqual(['documents', 'tags', 'users'])
  })

  test.each<[string, Partial<TableSpec>]>([
    ['The name of a table must be a non-empty string.', { name: '' }],
    ['holds a control character', { name: 'a\u0000b' }],
    ['Table "t" has no columns.', { columns: [] }],
    ['Table "t" has no primary key.', { primaryKey: [] }],
    ['names the column "other", which the table does not have', { primaryKey: ['other'] }],
    ['declares the column "ID" twice', { columns: [column('id'), column('ID')] }],
    ['has an unknown type: "int5"', { columns: [column('id', 'int5')] }],
    ['of type json, which has no order', { columns: [column('id', 'json')] }],
    ['the default "x" is no integer', { columns: [{ ...column('id'), default: { kind: 'value', value: 'x' } }] }],
    ['the default uuid7 is for uuid and text columns', { columns: [{ ...column('id'), default: { kind: 'uuid7' } }] }],
    ['indexPolicy takes', { indexPolicy: 'fast' as never }],
    ['Index "i" of table "t" has no columns', { indexes: [{ name: 'i', unique: false, columns: [] }] }],
  ])('a declaration is refused, and nothing is written: %s', (message, change) => {
    const spec = { name: 't', columns: [column('id')], primaryKey: ['id'], ...change }
    expect(() => create(spec)).toThrow(ValidationError)
    expect(() => create(spec)).toThrow(message)
    expect(store.size).toBe(0)
  })
})

function column(name: string, type = 'integer') {
  return { name, type: type as 'integer', nullable: false }
}

describe('indexes', () => {
  const spec = { name: 'documents_size', unique: false, columns: [{ column: 'size', desc: true }] }

  test('an empty table is given one', () => {
    create(documents)
    const index = createIndex(store, NAMESPACE, 'documents', spec, { isEmpty: () => true })
    expect(index).toEqual({ id: 2, name: 'documents_size', unique: false, columns: [{ column: 3, descending: true }] })
    dropIndex(store, NAMESPACE, 'DOCUMENTS_SIZE')
    expect(getTable(store, NAMESPACE, 'documents')!.entry.indexes).toHaveLength(1)
    // The id of the dropped one stays used.
    expect(createIndex(store, NAMESPACE, 'documents', spec, { isEmpty: () => true }).id).toBe(3)
  })

  test('a table with rows is refused without a way to fill the index', () => {
    create(documents)
    expect(() => createIndex(store, NAMESPACE, 'documents', spec, { isEmpty: () => false })).toThrow('holds rows')
    const filled: string[] = []
    createIndex(store, NAMESPACE, 'documents', spec, {
      isEmpty: () => false,
      backfill: (table, index) => filled.push(`${table.entry.indexes.length} ${index.name}`),
    })
    expect(filled).toEqual(['2 documents_size'])
  })
})

describe('collections', () => {
  const spec = { name: 'chunks', dimension: 8, indexed: ['lang'], contentField: 'text' }

  test('creating again with the same configuration finds the one there is', () => {
    const { entry, created } = createCollection(store, NAMESPACE, spec)
    expect(created).toBe(true)
    expect(entry).toMatchObject({
      metric: 'cosine',
      m: 16,
      contentField: ['text'],
      indexed: [{ id: 1, field: 'lang' }],
    })
    expect(createCollection(store, NAMESPACE, spec)).toEqual({ entry, created: false })
    expect(() => createCollection(store, NAMESPACE, { ...spec, dimension: 9 })).toThrow(CollectionConfigError)
    expect(listCollections(store, NAMESPACE)).toHaveLength(1)
  })

  test('a table and a collection may share a name', () => {
    createTable(store, NAMESPACE, { ...tags, name: 'chunks' })
    createCollection(store, NAMESPACE, spec)
    expect(dropCollection(store, NAMESPACE, 'Chunks')).toBe(true)
    expect(getCollection(store, NAMESPACE, 'chunks')).toBeUndefined()
    expect(getTable(store, NAMESPACE, 'chunks')).toBeDefined()
  })

  test.each([
    [{ dimension: 0 }, 'dimension must be a whole number'],
    [{ metric: 'hamming' as never }, 'metric takes'],
    [{ quantization: 'x' as never }, 'quantization takes'],
    [{ m: 1 }, 'm must be a whole number from 2'],
    [{ indexed: ['a', 'a'] }, 'names "a" twice'],
  ])('options out of range are refused: %j', (change, message) => {
    expect(() => createCollection(store, NAMESPACE, { ...spec, ...change })).toThrow(message)
  })
})

test('documents of metadata are kept under their own names', () => {
  setMetadata(store, NAMESPACE, 'contract', { hash: 'abc' })
  createTable(store, NAMESPACE, tags)
  expect(getMetadata(store, NAMESPACE, 'contract')).toEqual({ hash: 'abc' })
  setMetadata(store, NAMESPACE, 'contract', undefined)
  expect(getMetadata(store, NAMESPACE, 'contract')).toBeUndefined()
})
