/**
 * Unique keys and foreign keys under concurrent writers, at every level: what a check rested on has to hold until the commit, so
 * that no level lets write skew slip past a constraint.
 */
import {
  CheckError,
  Database,
  ForeignKeyError,
  TransactionConflictError,
  UniqueConstraintError,
} from '../../src/index.js'
import type { IsolationLevel } from '../../src/index.js'
import { commitAll, LEVELS } from './isolation-support.js'
import { Random } from './random.js'

const SCHEMA = `
  create table parent (
    id integer primary key, code text unique, region integer, no integer, email text, live boolean not null default true,
    unique (region, no));
  create unique index parent_email on parent (lower(email)) where live;
  create table free (id integer primary key, parent integer references parent (id), code text references parent (code));
  create index free_parent on free (parent);
  create table pair (id integer primary key, region integer, no integer, foreign key (region, no) references parent (region, no));
  create table cascading (id integer primary key, parent integer not null references parent (id) on delete cascade on update cascade);
  create table nulling (id integer primary key, parent integer references parent (id) on delete set null on update set null);
  create table defaulting (id integer primary key, parent integer not null default 3 references parent (id) on delete set default);
  create table node (id integer primary key, up integer references node (id));
  create table source (n integer primary key);
  insert into parent (id, code, region, no, email) values (1, 'a', 1, 1, 'A@x'), (2, 'b', 1, 2, 'b@x'), (3, 'c', 2, 1, null), (4, null, null, null, null);
  insert into node values (1, null), (2, 1);
  insert into source values (1), (2), (3), (4), (5), (6), (7), (8)`

let db: Database
beforeEach(() => {
  db = Database.open(':memory:')
  for (const statement of SCHEMA.split(';')) db.execute(statement)
})
afterEach(() => db.close())

/** Everything that contradicts a constraint: each query counts. */
const VIOLATIONS: readonly string[] = [
  'select count(*) - count(distinct id) as n from parent',
  'select count(code) - count(distinct code) as n from parent',
  'select count(*) as n from (select region, no from parent where region + no is not null group by region, no having count(*) > 1) d',
  'select count(*) as n from (select lower(email) as e from parent where live and email is not null group by lower(email) having count(*) > 1) d',
  ...['free', 'cascading', 'nulling', 'defaulting'].map(
    child =>
      `select count(*) as n from ${child} c left join parent p on p.id = c.parent where c.parent is not null and p.id is null`,
  ),
  'select count(*) as n from free c left join parent p on p.code = c.code where c.code is not null and p.id is null',
  'select count(*) as n from pair c left join parent p on p.region = c.region and p.no = c.no where c.region + c.no is not null and p.id is null',
  'select count(*) as n from node c left join node p on p.id = c.up where c.up is not null and p.id is null',
]
const violations = () => VIOLATIONS.filter(text => db.execute<{ n: number }>(text).rows[0]!.n !== 0)

/** Two transactions, one statement each. Whichever commits second, it has to fail. */
const RACES: readonly [name: string, one: string, other: string][] = [
  ['two inserts of a primary key', 'insert into parent (id) values (9)', 'insert into parent (id) values (9)'],
  [
    'two inserts of a unique value',
    `insert into parent (id, code) values (8, 'z')`,
    `insert into parent (id, code) values (9, 'z')`,
  ],
  [
    'an insert and an update',
    `insert into parent (id, code) values (8, 'z')`,
    `update parent set code = 'z' where id = 1`,
  ],
  ['two updates', `update parent set code = 'z' where id = 2`, `update parent set code = 'z' where id = 1`],
  [
    'updates of many rows',
    `update parent set code = 'z' where id + 0 = 2`,
    `update parent set code = 'z' || '' where id + 0 = 1`,
  ],
  ['updates of a primary key', 'update parent set id = 9 where id = 4', 'update parent set id = 9 where id = 3'],
  [
    'a composite key',
    'insert into parent (id, region, no) values (8, 5, 5)',
    'update parent set region = 5, no = 5 where id = 3',
  ],
  [
    'an index on an expression',
    `insert into parent (id, email) values (8, 'New@x')`,
    `insert into parent (id, email) values (9, 'nEW@x')`,
  ],
  [
    'a row that comes under a partial index',
    `insert into parent (id, email, live) values (8, 'n@x', true)`,
    `update parent set email = 'N@x' where id = 4`,
  ],
  [
    'INSERT … SELECT',
    `insert into parent (id, code) select n, 'z' || n from source where n > 6`,
    `insert into parent (id, code) select n + 10, 'z' || n from source where n = 7`,
  ],
  [
    'RETURNING',
    `insert into parent (id, code) values (8, 'z') returning *`,
    `insert into parent (id, code) values (9, 'z') returning id`,
  ],
  [
    'upserts of a new key',
    `insert into parent (id, code) values (8, 'z') on conflict (code) do update set no = 1`,
    `insert into parent (id, code) values (9, 'z') on conflict (code) do nothing`,
  ],
  [
    'two replacements',
    `replace into parent (id, code) values (8, 'z')`,
    `replace into parent (id, code) values (9, 'z')`,
  ],
  [
    'an insert of a child while its parent goes',
    'insert into free (id, parent) values (1, 4)',
    'delete from parent where id = 4',
  ],
  [
    'children of a scan while a parent goes',
    'insert into free (id, parent) select n, n from source where n < 5',
    'delete from parent where id + 0 = 4',
  ],
  [
    'an upserted child while its parent goes',
    'insert into free (id, parent) values (1, 4) on conflict (id) do update set parent = 4',
    'delete from parent where id = 4',
  ],
  [
    'a child by a unique key while that changes',
    `insert into free (id, code) values (1, 'c')`,
    `update parent set code = 'd' where id = 3`,
  ],
  [
    'a child by a unique key while that is emptied',
    `insert into free (id, code) values (1, 'c')`,
    `update parent set code = null where id = 3`,
  ],
  [
    'a child by a composite key while half of that changes',
    'insert into pair values (1, 2, 1)',
    'update parent set no = 9 where id = 3',
  ],
  [
    'a child while its parent takes another key',
    'insert into free (id, parent) values (1, 4)',
    'update parent set id = 9 where id = 4',
  ],
  ['a child while a cascade runs', 'insert into cascading values (1, 4)', 'delete from parent where id = 4'],
  [
    'a child while a cascade of keys runs',
    'insert into cascading values (1, 4)',
    'update parent set id = 9 where id = 4',
  ],
  ['a child while children are set to NULL', 'insert into nulling values (1, 4)', 'delete from parent where id = 4'],
  [
    'a child while children are set to their default',
    'insert into defaulting values (1, 4)',
    'delete from parent where id = 4',
  ],
  [
    'a child while its parent is replaced by another',
    `insert into free (id, parent) values (1, 4)`,
    `update parent set id = id + 100 where id > 3`,
  ],
  ['a child of its own table', 'insert into node values (3, 2)', 'delete from node where id = 2'],
  ['a cycle that a deletion breaks', 'update node set up = 2 where id = 1', 'delete from node where id = 2'],
]

describe.each(LEVELS)('at %s, of two transactions only one commits:', isolation => {
  test.each(RACES)('%s', (_, ...statements) => {
    for (const order of [0, 1] as const) {
      const transactions = statements.map(text => {
        const transaction = db.beginTransaction({ isolation })
        transaction.execute(text)
        return transaction
      })
      const [first, second] = order === 0 ? transactions : transactions.reverse()
      expect(commitAll(first!, second!)).toEqual([true, false])
      expect(violations()).toEqual([])
      if (order === 0) {
        db.close()
        db = Database.open(':memory:')
        for (const statement of SCHEMA.split(';')) db.execute(statement)
      }
    }
  })

  test('a default that goes while a deletion falls back on it', () => {
    db.execute('insert into defaulting values (1, 4)')
    const falling = db.beginTransaction({ isolation })
    falling.execute('delete from parent where id = 4')
    const going = db.beginTransaction({ isolation })
    going.execute('delete from parent where id = 3')
    expect(commitAll(falling, going)).toEqual([true, false])
    expect(violations()).toEqual([])
    expect(db.execute('select parent from defaulting').rows).toEqual([{ parent: 3 }])
  })

  test('a value that one gives up is free once that is committed', () => {
    const taken = `insert into parent (id, code) values (9, 'a')`
    const one = db.beginTransaction({ isolation })
    one.execute(`update parent set code = 'free' where id = 1`)
    const other = db.beginTransaction({ isolation })
    other.execute('insert into node values (9, null)')
    expect(commitAll(one)).toEqual([true])
    if (isolation === 'readCommitted') other.execute(taken)
    else expect(() => other.execute(taken)).toThrow(UniqueConstraintError)
    // What a failed statement looked at stays looked at.
    expect(commitAll(other)).toEqual([isolation === 'readCommitted'])
    const owners = isolation === 'readCommitted' ? [{ id: 9 }] : []
    expect(db.execute(`select id from parent where code = 'a'`).rows).toEqual(owners)
    expect(violations()).toEqual([])
  })

  test('what was derived from a row goes with the row', () => {
    db.execute('create index parent_region on parent (region)')
    const writes = [
      ['update parent set region = 5 where id = 1', 'update parent set region = 6 where id + 0 = 1'],
      ['update parent set region = 5 where id = 1', 'delete from parent where id = 1'],
      ['update parent set region = 5, id = 11 where id = 1', 'update parent set region = 6 where id = 1'],
      ['delete from parent where id = 1', `update parent set region = 6, code = 'x' where id = 1`],
    ] as const
    for (const [first, second] of writes) {
      const one = db.beginTransaction({ isolation })
      one.execute(first)
      const other = db.beginTransaction({ isolation })
      other.execute(second)
      expect(commitAll(one, other)).toEqual([true, false])
      const scanned = db.execute('select id, region from parent where id + 0 > 0 order by region, id').rows
      expect(
        db.execute('select id, region from parent where region is null or region > 0 order by region, id').rows,
      ).toEqual(scanned)
      db.execute(`replace into parent (id, code, region, no) values (1, 'a', 1, 1)`)
      db.execute('delete from parent where id = 11')
    }
  })

  test('a row does not come back with a foreign key that has nothing left to name', () => {
    db.execute('alter table free add column note text')
    db.execute('insert into free (id, parent) values (1, 4)')
    const removing = db.beginTransaction({ isolation })
    removing.execute('delete from free where id = 1')
    removing.execute('delete from parent where id = 4')
    const other = db.beginTransaction({ isolation })
    other.execute(`update free set note = 'kept' where id = 1`)
    expect(commitAll(removing, other)).toEqual([true, false])
    expect(violations()).toEqual([])
  })

  test('an index that is built while rows come', () => {
    const building = db.beginTransaction({ isolation })
    building.execute('create unique index parent_no on parent (region, no, code)')
    const other = db.beginTransaction({ isolation })
    other.execute(`insert into parent (id, region, no, code) values (8, 7, 7, 'z')`)
    expect(commitAll(other, building)).toEqual([true, false])
    const again = db.beginTransaction({ isolation })
    again.execute(`insert into parent (id, region, no, code) values (9, 9, 9, 'y')`)
    db.execute('create unique index parent_no on parent (region, no, code)')
    expect(commitAll(again)).toEqual([false])
  })

  test('a swap of values by two transactions', () => {
    const one = db.beginTransaction({ isolation })
    one.execute(`update parent set code = 'tmp' where id = 1`)
    one.execute(`insert into parent (id, code) values (8, 'a')`)
    const other = db.beginTransaction({ isolation })
    other.execute(`update parent set code = 'tmp2' where id = 1`)
    other.execute(`insert into parent (id, code) values (9, 'a')`)
    expect(commitAll(one, other)).toEqual([true, false])
    expect(violations()).toEqual([])
  })
})

/** Pairs that do not touch each other: a level without validation of reads must not refuse either. */
const PEACE: readonly [name: string, one: string, other: string][] = [
  ['different keys', `insert into parent (id, code) values (8, 'y')`, `insert into parent (id, code) values (9, 'z')`],
  [
    'NULL in a unique column',
    'insert into parent (id, code) values (8, null)',
    'insert into parent (id, code) values (9, null)',
  ],
  [
    'half of a composite key',
    'insert into parent (id, region) values (8, 5)',
    'insert into parent (id, region) values (9, 5)',
  ],
  [
    'a row outside of a partial index',
    `insert into parent (id, email) values (8, 'n@x')`,
    `insert into parent (id, email, live) values (9, 'n@x', false)`,
  ],
  [
    'children of one parent',
    'insert into free (id, parent) values (1, 1)',
    'insert into free (id, parent) values (2, 1)',
  ],
  [
    'a child while its parent changes otherwise',
    'insert into free (id, parent) values (1, 1)',
    'update parent set no = 77 where id = 1',
  ],
  [
    'a child while another parent goes',
    'insert into free (id, parent) values (1, 1)',
    'delete from parent where id = 4',
  ],
  ['a child of no parent', 'insert into free (id, parent) values (1, null)', 'delete from parent where id = 4'],
]

describe.each(LEVELS)('at %s, both commit:', isolation => {
  test.each(PEACE)('%s', (_, ...statements) => {
    const transactions = statements.map(text => {
      const transaction = db.beginTransaction({ isolation })
      transaction.execute(text)
      return transaction
    })
    expect(commitAll(...transactions)).toEqual([true, true])
    expect(violations()).toEqual([])
  })
})

/** A random statement that meets the constraints often. */
function statement(random: Random): string {
  const key = () => String(1 + random.below(6))
  const code = () => random.pick(["'a'", "'b'", "'c'", "'d'", 'null'])
  const child = () => random.pick(['free', 'cascading', 'nulling', 'defaulting'])
  switch (random.below(10)) {
    case 0:
    case 1:
      return `insert into parent (id, code, region, no, email) values (${key()}, ${code()}, ${key()}, 1, ${code()})`
    case 2:
      return `update parent set ${random.pick([`id = ${key()}`, `code = ${code()}`, `region = ${key()}, no = 1`, `email = upper(${code()})`, 'live = not live'])} where id ${random.pick(['=', '= 0 +'])} ${key()}`
    case 3:
    case 4:
      return `delete from parent where id ${random.pick(['=', '=', '>'])} ${key()}`
    case 5:
      return `insert into ${child()} (id, parent) values (${key()}, ${key()}) on conflict (id) do update set parent = excluded.parent`
    case 6:
      return `insert or ignore into ${child()} (id, parent) select n, ${random.chance(0.5) ? 'n' : key()} from source where n < ${key()}`
    case 7:
      return `insert or replace into free (id, code) values (${key()}, ${code()})`
    case 8:
      return `insert into pair values (${key()}, ${key()}, 1) on conflict (id) do nothing`
    default:
      return random.pick([
        `insert into node values (${key()}, ${key()}) on conflict (id) do update set up = excluded.up`,
        `delete from node where id = ${key()}`,
        `update ${child()} set parent = ${key()} where id = ${key()}`,
      ])
  }
}

test.each([1, 2, 3, 4])('random transactions of every level leave no violation (%d)', seed => {
  const random = new Random(seed)
  const seen = { committed: 0, conflicts: 0, refused: 0 }
  let open: ReturnType<Database['beginTransaction']>[] = []
  for (let step = 0; step < 1500; step++) {
    while (open.length < 4) open.push(db.beginTransaction({ isolation: random.pick<IsolationLevel>(LEVELS) }))
    const transaction = random.pick(open)
    if (random.chance(0.25)) {
      open = open.filter(other => other !== transaction)
      try {
        transaction.commit()
        seen.committed++
      } catch (error) {
        expect(error).toBeInstanceOf(TransactionConflictError)
        seen.conflicts++
      }
      expect(violations()).toEqual([])
      continue
    }
    const text = statement(random)
    try {
      transaction.execute(text)
    } catch (error) {
      if (!(error instanceof UniqueConstraintError || error instanceof ForeignKeyError)) {
        throw new Error(text, { cause: error })
      }
      seen.refused++
    }
  }
  for (const transaction of open) transaction.abort()
  expect(Math.min(seen.committed, seen.conflicts, seen.refused)).toBeGreaterThan(50)
})

describe('changes of the schema that depend on rows', () => {
  const changes = [
    'alter table item add constraint few check (n < 100)',
    'alter table item alter column n set not null',
    'alter table item alter column n type text',
    'alter table item add constraint box_of foreign key (box) references box (id)',
  ]
  const prepare = () => {
    db.execute('create table box (id integer primary key)')
    db.execute('create table item (id integer primary key, n integer, box integer)')
    db.execute('insert into item values (1, 1, null)')
  }

  test.each(changes)('conflict with rows that come meanwhile, else they are made: %s', change => {
    for (const isolation of LEVELS) {
      prepare()
      const late = db.beginTransaction({ isolation })
      late.execute(change)
      db.execute('insert into item values (7, null, 9)')
      expect(() => late.commit()).toThrow(TransactionConflictError)
      db.execute('delete from item where id = 7')
      const alone = db.beginTransaction({ isolation })
      alone.execute(change)
      alone.commit()
      expect(db.execute('select id from item').rows).toEqual([{ id: 1 }])
      db.execute('drop table item')
      db.execute('drop table box')
    }
  })

  test.each(LEVELS)('a new foreign key conflicts with the end of a row that one refers to, %s', isolation => {
    prepare()
    db.execute('insert into box values (5)')
    db.execute('update item set box = 5')
    const late = db.beginTransaction({ isolation })
    late.execute('alter table item add constraint box_of foreign key (box) references box (id)')
    db.execute('delete from box')
    expect(() => late.commit()).toThrow(TransactionConflictError)
  })

  test.each(LEVELS)('rows that came before the change count, %s', isolation => {
    prepare()
    const late = db.beginTransaction({ isolation })
    late.execute('select * from item')
    db.execute('insert into item values (7, null, 9)')
    const result = (): void => {
      late.execute('alter table item add constraint few check (id < 5)')
      late.commit()
    }
    expect(result).toThrow(isolation === 'readCommitted' ? CheckError : TransactionConflictError)
  })
})
