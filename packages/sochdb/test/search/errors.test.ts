import {
  CollectionConfigError,
  CollectionNotFoundError,
  DatabaseError,
  DimensionMismatchError,
  ErrorCode,
  InvalidMetadataError,
  QueryTimeoutError,
  TransactionError,
  ValidationError,
} from 'sochdb'
import type { Database } from 'sochdb'
import { native } from 'sochdb/internal'
import { openTestDatabase } from 'sochdb/testing'

import { createCollection, deleteCollection, listCollections, openCollection } from '../../src/search/index.js'
import type { Collection, CollectionConfig } from '../../src/search/index.js'
import { thrownBy } from '../support/temporary.js'
import { idsOf, randomNumbers } from './support/vectors.js'

let db: Database
let docs: Collection
beforeEach(() => {
  db = openTestDatabase()
  docs = createCollection(db, { name: 'docs', dimension: 3 })
})
afterEach(() => db.close())

describe('configurations', () => {
  const base = { name: 'x', dimension: 3 }

  test.each<[string, object, RegExp]>([
    ['no name', { dimension: 3 }, /"name"/],
    ['no dimension', { name: 'x' }, /"dimension"/],
    ['an empty name', { ...base, name: '' }, /non-empty/],
    ['a name with a control character', { ...base, name: 'a\nb' }, /control character/],
    ['a dimension of 0', { ...base, dimension: 0 }, /"dimension".*from 1 to 16384/],
    ['too large a dimension', { ...base, dimension: 16_385 }, /"dimension"/],
    ['a dimension that is text', { ...base, dimension: '3' }, /"dimension"/],
    ['an unknown metric', { ...base, metric: 'manhattan' }, /'cosine', 'euclidean', 'dotProduct'/],
    ['m of 1', { ...base, m: 1 }, /"m".*from 2 to 64/],
    ['efConstruction of 3', { ...base, efConstruction: 3 }, /"efConstruction"/],
    ['efSearch of 0', { ...base, efSearch: 0 }, /"efSearch"/],
    ['hybrid search of nothing', { ...base, enableHybridSearch: true }, /"enableHybridSearch".*needs "contentField"/],
    ['a content field of no use', { ...base, enableHybridSearch: false, contentField: 'a' }, /"contentField".*no use/],
    ['a content field that is none', { ...base, contentField: 'a..b' }, /"contentField".*metadata field/],
    ['no content fields', { ...base, contentField: [] }, /"contentField"/],
    ['a content field that comes twice', { ...base, contentField: ['a', 'a'] }, /twice/],
    ['a weight of 0', { ...base, contentField: { a: 0 } }, /"contentField".*weight/],
    ['a weight that is infinite', { ...base, contentField: { a: Infinity } }, /"contentField".*weight/],
    ['65 content fields', { ...base, contentField: Array.from({ length: 65 }, (_, i) => `f${i}`) }, /at most 64/],
    ['text options for nothing', { ...base, text: {} }, /"text".*needs "contentField"/],
    ['a language without stems', { ...base, contentField: 'a', text: { stemming: 'latin' } }, /"stemming".*'english'/],
    ['stop words that are none', { ...base, contentField: 'a', text: { stopWords: [1] } }, /"stopWords"/],
    ['an unknown text option', { ...base, contentField: 'a', text: { stem: true } }, /no option "stem"/],
    ['an unknown quantization', { ...base, quantization: 'int8' }, /"quantization".*'none', 'scalar', 'pq', 'binary'/],
    ['no subvectors', { ...base, quantization: 'pq', pqNumSubvectors: 0 }, /"pqNumSubvectors".*from 1/],
    [
      'more subvectors than values',
      { ...base, quantization: 'pq', pqNumSubvectors: 4 },
      /pqNumSubvectors.*from 1 to 3/,
    ],
    ['one centroid', { ...base, quantization: 'pq', pqNumCentroids: 1 }, /"pqNumCentroids".*from 2 to 256/],
    ['too many centroids', { ...base, quantization: 'pq', pqNumCentroids: 257 }, /"pqNumCentroids"/],
    ['centroids without pq', { ...base, quantization: 'scalar', pqNumCentroids: 16 }, /pqNumCentroids.*'pq' only/],
    ['subvectors without pq', { ...base, pqNumSubvectors: 3 }, /pqNumSubvectors.*'pq' only/],
    ['an unknown member', { ...base, dimensions: 3 }, /no option "dimensions"/],
    ['indexed fields that are no array', { ...base, indexed: 'lang' }, /"indexed"/],
    ['a path with an empty part', { ...base, indexed: ['a..b'] }, /"indexed"/],
    ['a field that comes twice', { ...base, indexed: ['a', 'a'] }, /twice/],
  ])('%s is refused, and nothing is created', (_, config, message) => {
    const error = thrownBy(() => createCollection(db, config as CollectionConfig))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).toMatch(message)
    expect(listCollections(db)).toEqual(['docs'])
  })

  test.each([undefined, null, 'docs', 3, []])('%p is no configuration', config => {
    expect(() => createCollection(db, config as never)).toThrow(ValidationError)
  })

  test('what is switched off may be said', () => {
    const config = { ...base, quantization: 'none', enableHybridSearch: false, contentField: undefined } as never
    expect(createCollection(db, config).name).toBe('x')
  })

  test.each([{ dimension: 4 }, { metric: 'euclidean' }, { m: 8 }, { efSearch: 10 }, { indexed: ['lang'] }] as const)(
    'creating one again with %p is a CollectionConfigError, and changes nothing',
    change => {
      docs.insert({ id: 'a', vector: [1, 0, 0] })
      const error = thrownBy(() => createCollection(db, { name: 'docs', dimension: 3, ...change }))
      expect(error).toBeInstanceOf(CollectionConfigError)
      expect(error['code']).toBe(ErrorCode.COLLECTION_CONFIG)
      expect(docs.count()).toBe(1)
    },
  )

  test('a name that nothing has is a CollectionNotFoundError that names it', () => {
    for (const action of [() => openCollection(db, 'none'), () => deleteCollection(db, 'none')]) {
      const error = thrownBy(action)
      expect(error).toBeInstanceOf(CollectionNotFoundError)
      expect(error).toMatchObject({ collection: 'none', code: ErrorCode.COLLECTION_NOT_FOUND })
    }
    expect(() => openCollection(db, 5 as never)).toThrow(ValidationError)
  })
})

describe('bad documents leave no trace', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = { cyclic }
  const wide = (depth: number): unknown => {
    let value: unknown = 1
    for (let i = 0; i < depth; i++) value = [value, value]
    return { value }
  }
  let deep: unknown = 1
  for (let i = 0; i < 64; i++) deep = { deep }

  const vector = [1, 0, 0]
  const cases: [string, object, typeof ValidationError, RegExp][] = [
    ['a short vector', { id: 'x', vector: [1, 2] }, DimensionMismatchError, /3-dimensional.*has 2/],
    ['a long Float32Array', { id: 'x', vector: new Float32Array(4) }, DimensionMismatchError, /has 4/],
    ['an empty vector', { id: 'x', vector: [] }, DimensionMismatchError, /has 0/],
    ['NaN', { id: 'x', vector: [1, NaN, 0] }, ValidationError, /finite/],
    ['Infinity', { id: 'x', vector: Float32Array.of(1, Infinity, 0) }, ValidationError, /finite/],
    ['what is infinite as a 32-bit float', { id: 'x', vector: [1e39, 0, 0] }, ValidationError, /finite/],
    ['text in a vector', { id: 'x', vector: ['1', 2, 3] }, ValidationError, /vector\[0\] must be a number/],
    ['a hole in a vector', { id: 'x', vector: [1, , 3] }, ValidationError, /vector\[1\]/], // eslint-disable-line no-sparse-arrays
    ['no vector', { id: 'x' }, ValidationError, /vector must be/],
    ['a vector that is text', { id: 'x', vector: '123' }, ValidationError, /vector must be/],
    ['bigints', { id: 'x', vector: BigInt64Array.of(1n, 2n, 3n) }, ValidationError, /vector\[0\]/],
    ['an empty id', { id: '', vector }, ValidationError, /id must be/],
    ['no id', { vector }, ValidationError, /id must be/],
    ['a number as id', { id: 5, vector }, ValidationError, /id must be/],
    ['an id of 4097 bytes', { id: 'é'.repeat(2048) + 'x', vector }, ValidationError, /4097 bytes/],
    ['half a surrogate pair as id', { id: 'a\ud800', vector }, ValidationError, /surrogate/],
    ['an unknown member', { id: 'x', vector, text: 'hello' }, ValidationError, /"text"/],
    ['metadata that is text', { id: 'x', vector, metadata: 'x' }, InvalidMetadataError, /is a string/],
    ['metadata that is null', { id: 'x', vector, metadata: null }, InvalidMetadataError, /is null/],
    ['metadata that is an array', { id: 'x', vector, metadata: [] }, InvalidMetadataError, /is an array/],
    ['cyclic metadata', { id: 'x', vector, metadata: cyclic }, InvalidMetadataError, /refers to itself/],
    ['metadata 65 deep', { id: 'x', vector, metadata: { deep } }, InvalidMetadataError, /64 deep/],
    ['metadata of endless width', { id: 'x', vector, metadata: wide(60) }, InvalidMetadataError, /more values/],
    ['a bigint', { id: 'x', vector, metadata: { n: 1n } }, InvalidMetadataError, /metadata\.n is a bigint/],
    [
      'a function',
      { id: 'x', vector, metadata: { a: [() => 1] } },
      InvalidMetadataError,
      /metadata\.a\[0\] is a function/,
    ],
    ['a symbol', { id: 'x', vector, metadata: { a: Symbol('s') } }, InvalidMetadataError, /is a symbol/],
    ['NaN in metadata', { id: 'x', vector, metadata: { a: NaN } }, InvalidMetadataError, /is NaN/],
    ['undefined in an array', { id: 'x', vector, metadata: { a: [undefined] } }, InvalidMetadataError, /is undefined/],
    ['a Date', { id: 'x', vector, metadata: { at: new Date() } }, InvalidMetadataError, /toISOString/],
    ['a Map', { id: 'x', vector, metadata: { at: new Map() } }, InvalidMetadataError, /is a Map/],
    ['a class', { id: 'x', vector, metadata: { at: new (class A {})() } }, InvalidMetadataError, /instance of a class/],
    ['a document of a mebibyte', { id: 'x', vector, metadata: { a: 'x'.repeat(1 << 20) } }, ValidationError, /./],
  ]

  test.each(cases)('%s', (_, document, type, message) => {
    docs.insert({ id: 'before', vector: [1, 2, 3], metadata: { kept: true } })
    const seen = () => [docs.list({ includeVectors: true }), docs.search({ vector: [1, 1, 1] }).toArray()]
    const before = seen()
    const { id = 'x', vector: v, ...rest } = document as { id?: string; vector?: unknown; metadata?: unknown }
    const calls: (() => unknown)[] = [() => docs.insert(document as never)]
    if (!('text' in rest)) {
      const batch = { ids: ['good', id], vectors: [[1, 0, 0], v], metadata: [undefined, rest.metadata] }
      if ('id' in document) calls.push(() => docs.insertBatch(batch as never))
      if (id === 'x' && 'id' in document && 'vector' in document) {
        calls.push(() => docs.update('before', { vector: v, ...rest } as never))
      }
    }
    for (const call of calls) {
      const error = thrownBy(call)
      expect(error).toBeInstanceOf(type)
      if (call === calls[0]) expect(error.message).toMatch(message)
    }
    expect(seen()).toEqual(before)
    db.transaction(txn => {
      const inside = openCollection(txn, 'docs')
      inside.insert({ id: 'own', vector: [3, 2, 1] })
      expect(thrownBy(() => inside.insert(document as never))).toBeInstanceOf(type)
      expect(idsOf(inside.list())).toEqual(['before', 'own'])
    })
  })

  test('a mismatch says what is held and what was given', () => {
    const error = thrownBy(() => docs.search({ vector: new Float32Array(384) }))
    expect(error).toBeInstanceOf(DimensionMismatchError)
    expect(error).toMatchObject({ expected: 3, actual: 384, code: ErrorCode.DIMENSION_MISMATCH })
    expect(error.message).toBe('Collection "docs" holds 3-dimensional vectors; vector has 384 values.')
  })

  test.each<[string, object, RegExp]>([
    ['fewer vectors than ids', { ids: ['a', 'b'], vectors: [[1, 2, 3]] }, /1 vectors for 2 ids/],
    ['a flat array of another length', { ids: ['a', 'b'], vectors: new Float32Array(7) }, /7 values/],
    ['numbers where vectors should be', { ids: ['a'], vectors: [1] }, /vectors\[0\]/],
    ['no ids', { vectors: [] }, /ids must be/],
    ['ids that are text', { ids: 'abc', vectors: [] }, /ids must be/],
    ['too little metadata', { ids: ['a'], vectors: [[1, 2, 3]], metadata: [] }, /metadata must be/],
    ['onProgress that is no function', { ids: [], vectors: [], onProgress: 1 }, /onProgress/],
    ['an unknown member', { ids: [], vectors: [], progress: true }, /"progress"/],
  ])('a batch with %s is refused', (_, batch, message) => {
    const error = thrownBy(() => docs.insertBatch(batch as never))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).toMatch(message)
    expect(docs.count()).toBe(0)
  })

  test('an error in a batch names the document, and vectors of another model are told as such', () => {
    const error = thrownBy(() =>
      docs.insertBatch({
        ids: ['a', 'b'],
        vectors: [
          [1, 2, 3],
          [1, NaN, 3],
        ],
      }),
    )
    expect(error.message).toMatch(/Document 1, "b"/)
    expect(thrownBy(() => docs.insertBatch({ ids: ['a', 'b'], vectors: new Float32Array(8) }))).toMatchObject({
      expected: 3,
      actual: 4,
    })
    expect(docs.count()).toBe(0)
  })

  test('of a large batch, and of a document in chunks, the error names the one that is wrong', () => {
    const ids = Array.from({ length: 3000 }, (_, i) => `d${i}`)
    const vectors = new Float32Array(9000).fill(1)
    vectors[3 * 2999 + 1] = NaN
    const error = thrownBy(() => docs.insertBatch({ ids, vectors }))
    expect(error.message).toMatch(/Document 2999, "d2999": .*position 1 is NaN/)
    expect(error['details']).toMatchObject({ index: '2999', id: 'd2999' })
    const chunks = new Float32Array([1, 2, 3, 4, 5, Infinity])
    expect(thrownBy(() => docs.insertMulti({ id: 'a', vectors: chunks })).message).toMatch(
      /^Vector 1 of the document: .*position 2 is Infinity/,
    )
    expect(docs.count()).toBe(0)
  })

  test('memory that is taken away while a batch is written is noticed', () => {
    const vectors = new Float32Array(9000)
    const ids = Array.from({ length: 3000 }, (_, i) => String(i))
    const onProgress = () => structuredClone(vectors.buffer, { transfer: [vectors.buffer] })
    expect(() => docs.insertBatch({ ids, vectors, onProgress })).toThrow(ValidationError)
    expect(docs.count()).toBe(0)
    expect(() => docs.insert({ id: 'a', vector: vectors })).toThrow(DimensionMismatchError)
  })
})

describe('requests', () => {
  const vector = [1, 0, 0]

  test.each<[object, RegExp]>([
    [{}, /needs a vector, or a textQuery/],
    [{ vector, k: 0 }, /"k".*from 1 to 100000/],
    [{ vector, k: 1.5 }, /"k"/],
    [{ vector, k: '3' }, /"k"/],
    [{ vector, k: 100_001 }, /"k"/],
    [{ vector, efSearch: 0 }, /"efSearch"/],
    [{ vector, minScore: NaN }, /"minScore"/],
    [{ vector, exact: 1 }, /"exact"/],
    [{ vector, includeScores: false }, /"includeScores"/],
    [{ vector, timeoutMs: -1 }, /"timeoutMs"/],
    [{ vector, topK: 3 }, /no option "topK"/],
    [{ vector, topK: undefined }, /no option "topK"/],
    [{ vector, textQuery: 'x' }, /"docs" has no keyword search.*contentField/],
    [{ textQuery: 'x' }, /"docs" has no keyword search/],
    [{ vector, textQuery: 1 }, /"textQuery".*a string/],
    [{ vector, alpha: 0.5 }, /"alpha".*goes with a textQuery/],
    [{ vector, rrfK: 60 }, /"rrfK".*goes with a textQuery/],
    [{ vector, highlight: true }, /"highlight".*goes with a textQuery/],
    [{ textQuery: 'x', alpha: 0.5 }, /"alpha".*goes with a vector/],
    [{ textQuery: 'x', efSearch: 5 }, /"efSearch".*goes with a vector/],
    [{ textQuery: 'x', exact: true }, /"exact".*goes with a vector/],
    [{ vector, textQuery: 'x', alpha: 1.1 }, /"alpha".*from 0 to 1/],
    [{ vector, textQuery: 'x', alpha: NaN }, /"alpha"/],
    [{ vector, textQuery: 'x', rrfK: -1 }, /"rrfK".*0 or above/],
    [{ vector, textQuery: 'x', rrfK: Infinity }, /"rrfK"/],
    [{ vector, textQuery: 'x', highlight: 'yes' }, /"highlight"/],
    [{ vector, textQuery: 'x', highlight: { tag: '<b>' } }, /"tag"/],
    [{ vector, textQuery: 'x', highlight: { maxLength: 0 } }, /"maxLength"/],
    [{ vector, textQuery: 'x', highlight: { colour: 1 } }, /no option "colour"/],
    [{ vector, groupBy: '' }, /"groupBy".*metadata field/],
    [{ vector, groupBy: 'a..b' }, /"groupBy".*metadata field/],
    [{ vector, groupBy: 3 }, /"groupBy".*metadata field/],
    [{ vector, groupBy: ['a'] }, /"groupBy".*metadata field/],
    [{ vector, groupBy: { limit: 2 } }, /"groupBy".*metadata field/],
    [{ vector, groupBy: { field: 'a', limit: 0 } }, /"limit".*"groupBy".*from 1 to 100000/],
    [{ vector, groupBy: { field: 'a', size: 2 } }, /"groupBy".*no option "size"/],
    [{ vector, k: 1000, groupBy: { field: 'a', limit: 1000 } }, /"groupBy".*at most 100000 hits/],
    [{ vector, groupBy: 'a', mmr: true }, /groupBy or mmr, not both/],
    [{ vector, mmr: 1 }, /"mmr".*lambda and fetch/],
    [{ vector, mmr: null }, /"mmr".*lambda and fetch/],
    [{ vector, mmr: { lambda: 1.5 } }, /"lambda".*"mmr".*from 0 to 1/],
    [{ vector, mmr: { lambda: NaN } }, /"lambda"/],
    [{ vector, mmr: { fetch: 0 } }, /"fetch".*"mmr".*from 1 to 10000/],
    [{ vector, mmr: { fetch: 5 } }, /"mmr".*at least k \(10\)/],
    [{ vector, mmr: { weight: 5 } }, /"mmr".*no option "weight"/],
    [{ vector, k: 10_001, mmr: true }, /"k".*at most 10000 with mmr/],
    [{ vector, textQuery: 'x', mmr: true }, /"mmr".*a vector alone/],
    [{ vector, asOf: 'yesterday' }, /asOf of search takes/],
    [{ vector, asOf: -1 }, /asOf of search takes/],
    [{ vector, asOf: {} }, /asOf of search takes/],
    [{ vector, explain: 'yes' }, /"explain".*true or false/],
  ])('search(%p) is refused', (request, message) => {
    const error = thrownBy(() => docs.search(request as never))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).toMatch(message)
  })

  test.each<[string, () => unknown, RegExp]>([
    ['searchMany of no array', () => docs.searchMany({ vector } as never), /array of what search takes/],
    [
      'a request of searchMany',
      () => docs.searchMany([{ vector }, { vector, k: 0 }]),
      /requests\[1\].*"k"|"k".*requests\[1\]/,
    ],
    ['a time within searchMany', () => docs.searchMany([{ vector, asOf: 1 }]), /"asOf".*one for all/],
    ['a limit within searchMany', () => docs.searchMany([{ vector, timeoutMs: 5 }]), /"timeoutMs".*one for all/],
    ['an option of searchMany', () => docs.searchMany([], { limit: 1 } as never), /searchMany has no option "limit"/],
    ['a limit of searchMany', () => docs.searchMany([], { timeoutMs: -1 }), /"timeoutMs" of searchMany/],
    ['a time of get', () => docs.get('a', { asOf: 'x' }), /asOf of get takes/],
    ['an option of get', () => docs.get('a', { at: 1 } as never), /get has no option "at"/],
    ['a time of getMany', () => docs.getMany(['a'], { asOf: NaN }), /asOf of getMany takes/],
    ['a time of count', () => docs.count({}, { asOf: new Date(NaN) }), /asOf of count takes/],
    ['a time of list', () => docs.list({ asOf: true as never }), /asOf of list takes/],
  ])('%s is refused', (_, call, message) => {
    const error = thrownBy(call)
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).toMatch(message)
  })

  test.each<[unknown, RegExp]>([
    [{ a: { $gth: 1 } }, /"\$gth" is no filter operator\. Did you mean "\$gt"\?/],
    [{ a: { $startWith: 'x' } }, /Did you mean "\$startsWith"\?/],
    [{ a: { notin: [1] } }, /Did you mean "notIn"\?/],
    [{ $ro: [{ a: 1 }] }, /Did you mean "\$or"\?/],
    [{ a: { $near: 1 } }, /"\$near" is no filter operator/],
    [{ $where: 'x' }, /"\$where" is no filter operator/],
    [{ $gt: 5 }, /"\$gt" stands with a field/],
    [{ a: { $or: [1, 2] } }, /"\$or" combines filters/],
    [{ a: { $gt: true } }, /\$gt of "a" takes a string or a finite number; this is a boolean/],
    [{ a: { $lte: null } }, /\$lte of "a" takes/],
    [{ a: { lt: Infinity } }, /lt of "a" takes .* this is Infinity/],
    [{ a: { $gte: new Date() } }, /toISOString/],
    [{ a: { $in: 'x' } }, /\$in of "a" takes an array of values; this is a string/],
    [{ a: { $in: [1, {}] } }, /\$in\[1\] of "a" takes .* this is an object/],
    [{ a: { $nin: [1, [2]] } }, /\$nin\[1\] of "a"/],
    [{ a: { $in: new Array(2) } }, /\$in\[0\] of "a" takes .* this is undefined/],
    [{ a: { $exists: 1 } }, /\$exists of "a" takes true or false/],
    [{ a: { $contains: 3 } }, /\$contains of "a" takes a string/],
    [{ a: { $startsWith: null } }, /\$startsWith of "a" takes a string/],
    [{ a: { endsWith: ['x'] } }, /endsWith of "a" takes a string/],
    [{ a: { $not: {} } }, /empty object/],
    [{ a: { $not: [1] } }, /is an array/],
    [{ a: { $eq: undefined } }, /is undefined/],
    [{ $not: 5 }, /\$not must be an object/],
    [{ $not: [{ a: 1 }] }, /\$not must be an object/],
    [{ $or: { a: 1 } }, /"\$or" takes an array/],
    [{ $or: [{ a: 1 }, { $not: { b: { $and: [] } } }] }, /"\$and" combines filters/],
    [{ $and: [{}, { $or: [{}, null] }] }, /\$and\[1\]\.\$or\[1\] must be an object/],
    [{ a: { b: 1 } }, /path: "a\.b"/],
    [{ a: {} }, /empty object/],
    [{ a: [1] }, /is an array/],
    [{ a: undefined }, /is undefined/],
    [{ a: 1n }, /is a bigint/],
    [{ a: NaN }, /is NaN/],
    [{ a: new Date() }, /is a Date/],
    [{ $and: { a: 1 } }, /"\$and" takes an array/],
    [{ $and: [1] }, /\$and\[0\] must be an object/],
    [{ 'a..b': 1 }, /no path into metadata/],
    [{ '': 1 }, /no path into metadata/],
    ['a = 1', /must be an object/],
    [null, /must be an object/],
    [[], /must be an object/],
  ])('the filter %p is refused', (filter, message) => {
    for (const call of [() => docs.search({ vector, filter } as never), () => docs.count(filter as never)]) {
      const error = thrownBy(call)
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.message).toMatch(message)
    }
  })

  test.each<[string, object, RegExp]>([
    ['tests', Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`f${i}`, i])), /at most 1024 tests/],
    ['values', { a: { $in: Array.from({ length: 20_000 }, (_, i) => i) } }, /at most 16384 values/],
    ['text', { a: 'x'.repeat(1024 * 1024) }, /at most 1 MiB/],
    ['path', { ['x'.repeat(1025)]: 1 }, /at most 1024 bytes/],
  ])('a filter of too much %s is refused', (_, filter, message) => {
    expect(() => docs.count(filter as never)).toThrow(ValidationError)
    expect(() => docs.count(filter as never)).toThrow(message)
  })

  test.each<[string, (filter: object) => object]>([
    ['$and', filter => ({ $and: [filter] })],
    ['$or', filter => ({ $or: [filter, { b: 1 }] })],
    ['$not', filter => ({ $not: filter })],
    ['AND', filter => ({ AND: filter })],
  ])('filters of %s that nest without end are refused', (_, wrap) => {
    for (const depth of [31, 10_000]) {
      let filter: object = { a: 1 }
      for (let i = 0; i < depth; i++) filter = wrap(filter)
      const error = thrownBy(() => docs.count(filter as never))
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.message).toMatch(/at most 30 deep/)
    }
    let field: object = { $gt: 1 }
    for (let i = 0; i < 10_000; i++) field = { $not: field }
    expect(() => docs.count({ a: field } as never)).toThrow(/at most 30 deep/)
  })

  test('a filter as deep as it may be is answered', () => {
    let filter: object = { a: { $not: { $nin: [1, 2], $ne: 3 } }, b: { $ne: 5 } }
    for (let i = 0; i < 28; i++) filter = { $or: [filter, { c: i }], d: { $ne: i } }
    expect(docs.count(filter as never)).toBe(0)
  })

  test('deleting by a filter takes one', () => {
    const count = docs.count()
    for (const filter of [undefined, null, 'x', [], { a: { $gth: 1 } }, { a: undefined }]) {
      expect(() => docs.deleteWhere(filter as never)).toThrow(ValidationError)
    }
    expect(docs.count()).toBe(count)
  })

  test.each([
    { limit: -1 },
    { limit: 1e9 },
    { after: 5 },
    { order: 'x' },
    { filter: { a: { $gth: 1 } } },
    { includeVectors: 1 },
  ])('list(%p) is refused', options => {
    expect(() => docs.list(options as never)).toThrow(ValidationError)
  })

  test('ids that are no ids are refused by every call that takes one', () => {
    for (const id of ['', 5, undefined, 'x'.repeat(5000), '\udc00']) {
      expect(() => docs.get(id as never)).toThrow(ValidationError)
      expect(() => docs.getMany([id] as never)).toThrow(ValidationError)
      expect(() => docs.delete(id as never)).toThrow(ValidationError)
      expect(() => docs.update(id as never, {})).toThrow(ValidationError)
    }
    expect(() => docs.getMany('abc' as never)).toThrow(ValidationError)
    expect(() => docs.update('a', { vectors: [] } as never)).toThrow(ValidationError)
    expect(() => docs.optimize({ timeoutMs: 'x' } as never)).toThrow(ValidationError)
  })

  test('a search that takes too long is a QueryTimeoutError', () => {
    const big = createCollection(db, { name: 'big', dimension: 64 })
    const count = 20_000
    const ids = Array.from({ length: count }, (_, i) => String(i))
    const random = randomNumbers(9)
    const vectors = Float32Array.from({ length: count * 64 }, () => random() - 0.5)
    big.insertBatch({ ids, vectors, metadata: ids.map(() => ({ text: 'x'.repeat(400) })) })
    expect(() => big.count({ 'text.never': 1 })).not.toThrow()
    const query = vectors.subarray(0, 64)
    const request = { vector: query, exact: true, k: 20_000, filter: { never: 1 }, timeoutMs: 1 }
    const slow = () => {
      for (let i = 0; i < 50; i++) big.search(request)
    }
    expect(slow).toThrow(QueryTimeoutError)
    expect(big.count()).toBe(count)
  })
})

describe('what is closed', () => {
  test('a collection of a closed database says so', () => {
    db.close()
    for (const call of [
      () => docs.count(),
      () => docs.search({ vector: [1, 0, 0] }),
      () => docs.insert({ id: 'a', vector: [1, 0, 0] }),
      () => openCollection(db, 'docs'),
      () => createCollection(db, { name: 'x', dimension: 3 }),
    ]) {
      expect(thrownBy(call)).toMatchObject({ code: ErrorCode.DATABASE_CLOSED })
    }
  })

  test('a collection of a finished transaction says so', () => {
    const txn = db.beginTransaction()
    const inside = openCollection(txn, 'docs')
    txn.commit()
    for (const call of [
      () => inside.count(),
      () => inside.delete('a'),
      () => createCollection(txn, { name: 'x', dimension: 3 }),
    ]) {
      expect(thrownBy(call)).toBeInstanceOf(TransactionError)
    }
  })

  test('a snapshot is for reading', () => {
    docs.insert({ id: 'a', vector: [1, 0, 0] })
    using snapshot = db.snapshot()
    const seen = openCollection(snapshot, 'docs')
    for (const call of [
      () => seen.insert({ id: 'b', vector: [1, 0, 0] }),
      () => seen.insertBatch({ ids: ['b'], vectors: [[1, 0, 0]] }),
      () => seen.update('a', { metadata: { x: 1 } }),
      () => seen.delete('a'),
    ]) {
      const error = thrownBy(call)
      expect(error).toBeInstanceOf(DatabaseError)
      expect(error['code']).toBe(ErrorCode.READ_ONLY)
    }
    expect(docs.count()).toBe(1)
  })
})

test('the addon survives whatever it is called with', () => {
  const functions = Object.entries(native as unknown as Record<string, (...values: unknown[]) => unknown>).filter(
    ([name]) => /^(vector|collection(?!Close))/.test(name),
  )
  expect(functions.length).toBeGreaterThanOrEqual(12)
  const target = (db as unknown as Record<symbol, number>)[Symbol.for('sochdb/nativeHandle')]!
  const detached = new ArrayBuffer(64)
  structuredClone(detached, { transfer: [detached] })
  const packed = Buffer.alloc(64)
  const random = randomNumbers(11)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  const values: (() => unknown)[] = [
    () => undefined,
    () => null,
    () => target,
    () => pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 100]),
    () => pick([-1, 0.5, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 53, -(2 ** 31)]),
    () => pick(['', 'a', 'x'.repeat(5000), '[["a",1]]', '[["a",[1]]]', '[', '{}', '\ud800']),
    () => pick([true, false, 5n, Symbol('s'), () => 1, {}, [], new Date()]),
    () => Float32Array.of(1, 2, 3),
    () =>
      pick([new Float32Array(0), Float32Array.of(NaN, 1, 2), new Float64Array(3), new DataView(new ArrayBuffer(8))]),
    () => new ArrayBuffer(pick([0, 8, 64, 4096])),
    () => pick([detached, new SharedArrayBuffer(64), new Uint8Array(0), new Float32Array(new SharedArrayBuffer(12))]),
    () => packed.map(() => Math.floor(random() * 256)).subarray(0, pick([0, 1, 4, 8, 12, 63, 64])),
    () => Buffer.from(Uint32Array.of(pick([0, 1, 4, 2 ** 32 - 1]), pick([0, 2, 2 ** 32 - 4]), 0x61, 0).buffer),
  ]
  // One collection whose handle the calls may hit upon.
  const handles = [target]
  for (let id = 1; id < 200; id++) handles.push(id)
  for (let round = 0; round < 20_000; round++) {
    const [name, call] = pick(functions)
    const given = Array.from({ length: Math.floor(random() * 12) }, (_, i) =>
      i < 2 && random() < 0.8 ? pick(handles.slice(0, 8)) : pick(values)(),
    )
    try {
      call(...given)
    } catch (error) {
      expect({ name, error }).toEqual({
        name,
        error: expect.objectContaining({ nativeCode: expect.any(Number) as number }) as object,
      })
    }
  }
  expect(thrownBy(() => docs.insert({ id: 'a', vector: [NaN, 0, 0] }))).toBeInstanceOf(ValidationError)
  docs.insert({ id: 'a', vector: [1, 0, 0] })
  expect(docs.get('a')?.vector).toEqual(Float32Array.of(1, 0, 0))
})
