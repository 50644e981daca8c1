import {
  col,
  collection,
  defineSchema,
  kv,
  many,
  one,
  table,
  toContract,
  type Contract,
  type Table,
} from '@sochdb/schema'
import {
  applyOperations,
  checkHints,
  classOf,
  conflictOf,
  diffContracts,
  HintError,
  OperationConflictError,
  preChecksOf,
  storeModel,
  undoOf,
  UnknownContractError,
  UnsupportedChangeError,
  type Hints,
  type Operation,
} from '@sochdb/schema/diff'
import { z } from 'zod'

type Columns = Parameters<typeof table>[1]
/** Columns are checked when the contract is made, not by the compiler. */
const users = (columns: Columns): Table<string> =>
  table('users', { id: col.uuid().primaryKey(), ...columns }) as unknown as Table<string>
const contractOf = (...tables: Table<string>[]): Contract =>
  toContract(defineSchema({ tables: Object.fromEntries(tables.map(one => [one.toNode().name, one])) }))
const operationsOf = (before: Contract, after: Contract, hints?: Hints) =>
  diffContracts(before, after, hints).operations
const kindsOf = (operations: readonly Operation[]) => operations.map(one => `${one.kind} ${classOf(one)}`)

test('what adds nothing but room is additive, what takes something away is destructive', () => {
  const before = contractOf(users({ mail: col.text(), age: col.integer().nullable() }))
  const after = contractOf(users({ age: col.integer().nullable(), name: col.blob().nullable() }).index('age'))
  expect(kindsOf(operationsOf(before, after))).toEqual([
    'dropColumn destructive',
    'addColumn additive',
    'addIndex additive',
  ])
})

test('a type that changes is a rebuild, what a column takes besides is not', () => {
  const before = contractOf(users({ a: col.integer(), b: col.text().nullable(), c: col.enum('x', 'y') }))
  const after = contractOf(users({ a: col.bigint(), b: col.text(), c: col.enum('x') }))
  const operations = operationsOf(before, after)
  expect(kindsOf(operations)).toEqual(['changeColumn rebuild', 'changeColumn additive', 'changeColumn additive'])
  expect(operations.flatMap(preChecksOf)).toEqual([
    { kind: 'convertible', table: 'users', column: 'a', type: 'bigint' },
    { kind: 'noNulls', table: 'users', column: 'b' },
    { kind: 'onlyValues', table: 'users', column: 'c', values: ['x'] },
  ])
})

test('vectors of another length are other vectors', () => {
  const operations = operationsOf(contractOf(users({ v: col.vector(3) })), contractOf(users({ v: col.vector(4) })))
  expect(kindsOf(operations)).toEqual(['dropColumn destructive', 'addColumn additive'])
})

describe('names', () => {
  const before = contractOf(users({ mail: col.text() }).check('has_at', "mail like '%@%'").unique('mail'))
  const after = (column: Columns) => contractOf(users(column).check('has_at', "email like '%@%'").unique('email'))

  test('a hint in the schema is a rename, and what names the column follows', () => {
    const { operations, questions } = diffContracts(before, after({ email: col.text().renamedFrom('mail') }))
    expect(questions).toEqual([])
    expect(kindsOf(operations)).toEqual([
      'dropCheck additive',
      'renameColumn rename',
      'renameIndex rename',
      'addCheck additive',
    ])
  })

  test('without a hint it is asked, not guessed', () => {
    const { operations, questions } = diffContracts(before, after({ email: col.text() }))
    expect(questions).toEqual([{ kind: 'rename', of: 'column', name: 'users.mail', candidates: ['email'] }])
    expect(kindsOf(operations)).toContain('dropColumn destructive')
  })

  test('the answer stands in the hints, whichever it is', () => {
    const renamed = diffContracts(before, after({ email: col.text() }), {
      renames: { columns: { 'users.mail': 'email' } },
    })
    expect(renamed.questions).toEqual([])
    expect(kindsOf(renamed.operations)).toContain('renameColumn rename')
    const dropped = diffContracts(before, after({ email: col.text() }), {
      renames: { columns: { 'users.mail': null } },
    })
    expect(dropped.questions).toEqual([])
    expect(kindsOf(dropped.operations)).toContain('dropColumn destructive')
  })

  test('a hint that is left in the schema says nothing the second time', () => {
    const done = after({ email: col.text().renamedFrom('mail') })
    expect(operationsOf(done, done)).toEqual([])
    const later = after({ email: col.text().renamedFrom('mail'), age: col.integer().nullable() })
    expect(kindsOf(operationsOf(done, later))).toEqual(['addColumn additive'])
  })

  test('a table is asked about when it looks like a new one', () => {
    const people = contractOf(table('people', { id: col.uuid().primaryKey(), mail: col.text() }))
    expect(diffContracts(before, people).questions).toEqual([
      { kind: 'rename', of: 'table', name: 'users', candidates: ['people'] },
    ])
    const { operations } = diffContracts(before, people, { renames: { tables: { users: 'people' } } })
    expect(kindsOf(operations)).toEqual(['dropCheck additive', 'dropIndex additive', 'renameTable rename'])
  })

  test('names that change places take a third on the way', () => {
    const two = contractOf(users({ a: col.text(), b: col.text() }))
    const hints = { renames: { columns: { 'users.a': 'b', 'users.b': 'a' } } }
    expect(operationsOf(two, two, hints).map(one => (one.kind === 'renameColumn' ? [one.from, one.to] : one))).toEqual([
      ['a', '__renaming_a'],
      ['b', 'a'],
      ['__renaming_a', 'b'],
    ])
  })
})

test('hints that fit nothing, or are none, are errors', () => {
  const same = contractOf(users({ a: col.text() }))
  expect(() => diffContracts(same, same, { fill: { 'users.b': "'x'" } })).toThrow(HintError)
  expect(() => diffContracts(same, same, { renames: { columns: { 'users.a': 'z' } } })).toThrow(UnsupportedChangeError)
  for (const wrong of [
    3,
    [],
    { rename: {} },
    { renames: { rows: {} } },
    { fill: { a: "'x'" } },
    { using: { 'a.b': 1 } },
  ]) {
    expect(() => checkHints(wrong)).toThrow(HintError)
  }
})

test('tables that refer to each other come and go', () => {
  const a = table('a', { id: col.integer().primaryKey(), b: col.integer().references('b.id').nullable() })
  const b = table('b', { id: col.integer().primaryKey(), a: col.integer().references('a.id').nullable() })
  const both = contractOf(a, b)
  const none = contractOf(table('c', { id: col.integer().primaryKey() }))
  expect(operationsOf(none, both).map(({ kind }) => kind)).toEqual([
    'dropTable',
    'createTable',
    'createTable',
    'addForeignKey',
    'addForeignKey',
  ])
  expect(operationsOf(both, none).map(({ kind }) => kind)).toEqual([
    'dropForeignKey',
    'dropForeignKey',
    'dropTable',
    'dropTable',
    'createTable',
  ])
})

test('collections keep their documents unless the vectors are others', () => {
  const of = (options: object) =>
    toContract(
      defineSchema({ collections: { c: collection('c', { dimension: 3, metadata: z.object({}), ...options }) } }),
    )
  expect(kindsOf(operationsOf(of({}), of({ m: 32 })))).toEqual(['changeCollection rebuild'])
  expect(kindsOf(operationsOf(of({}), of({ efSearch: 99 })))).toEqual(['changeCollection additive'])
  expect(kindsOf(operationsOf(of({}), of({ dimension: 4 })))).toEqual([
    'dropCollection destructive',
    'createCollection additive',
  ])
})

test('what clients alone know is declared, and touches nothing', () => {
  const tables = { users: users({ orgId: col.uuid() }), orgs: table('orgs', { id: col.uuid().primaryKey() }) }
  const before = toContract(defineSchema({ tables }))
  const after = toContract(
    defineSchema({
      tables: { ...tables, users: users({ orgId: col.uuid() }) },
      relations: { users: { org: one('orgs', 'orgId') }, orgs: { users: many('users.orgId') } },
      kv: { sessions: kv('sessions', { key: z.string(), value: z.string() }) },
    }),
  )
  const operations = operationsOf(before, after)
  expect(operations).toEqual([
    { kind: 'declare', section: 'relations', name: 'orgs', change: 'added' },
    { kind: 'declare', section: 'relations', name: 'users', change: 'added' },
    { kind: 'declare', section: 'kv', name: 'sessions', change: 'added' },
  ])
  expect(applyOperations(storeModel(before), operations)).toEqual(storeModel(before))
})

test('every operation is taken back by its undo', () => {
  const before = contractOf(users({ a: col.integer(), b: col.text() }).index('b').check('k', 'a > 0'))
  const after = contractOf(
    users({ a: col.bigint(), c: col.text().default('x') })
      .indexPolicy('appendOnly')
      .unique('a'),
  )
  const hints = { renames: { columns: { 'users.b': null } } }
  const operations = operationsOf(before, after, hints)
  const there = applyOperations(storeModel(before), operations)
  const back = applyOperations(there, operations.map(undoOf).reverse())
  const named = (model: typeof back) => Object.fromEntries(model.tables['users']!.columns.map(one => [one.name, one]))
  expect(named(back)).toEqual(named(storeModel(before)))
  expect(back.tables['users']).toMatchObject({ indexPolicy: 'balanced', checks: [{ name: 'k', expression: 'a > 0' }] })
})

test('an operation that does not fit is refused', () => {
  const model = storeModel(contractOf(users({ a: col.text() })))
  const fails = (operation: Operation) =>
    expect(() => applyOperations(model, [operation])).toThrow(OperationConflictError)
  fails({ kind: 'createTable', table: model.tables['users']! })
  fails({ kind: 'renameTable', from: 'nothing', to: 'x' })
  fails({ kind: 'dropColumn', table: 'users', column: { name: 'a', type: 'integer', nullable: false } })
  fails({ kind: 'dropColumn', table: 'users', column: model.tables['users']!.columns[0]! })
})

test('branches commute unless they meet', () => {
  const base = contractOf(users({ a: col.text() }))
  const plus = (columns: Columns) => operationsOf(base, contractOf(users({ a: col.text(), ...columns })))
  const model = storeModel(base)
  expect(conflictOf(model, plus({ b: col.text() }), plus({ c: col.text() }))).toBeUndefined()
  expect(conflictOf(model, plus({ b: col.text() }), plus({ b: col.integer() }))).toMatch('"b" is there already')
  const renamed = operationsOf(base, contractOf(users({ z: col.text().renamedFrom('a') })))
  const changed = operationsOf(base, contractOf(users({ a: col.text().nullable() })))
  expect(conflictOf(model, renamed, changed)).toMatch('Cannot')
})

test('a contract that says more than is understood is refused', () => {
  const contract = contractOf(users({ a: col.text() }))
  expect(() => storeModel({ ...contract, triggers: {} } as Contract)).toThrow(UnknownContractError)
  const [table] = Object.values(contract.tables)
  const odd = { ...contract, tables: { users: { ...table!, ttl: 3 } } } as Contract
  expect(() => storeModel(odd)).toThrow(/"ttl"/)
})
