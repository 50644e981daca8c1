/** Foreign keys, checks and generated columns: against SQLite over random writes, and what SQLite cannot show. */
import sqlite from 'node-sqlite3-wasm'
import {
  CheckError,
  Database,
  ForeignKeyError,
  NotNullError,
  TransactionConflictError,
  UniqueConstraintError,
} from '../../src/index.js'
import { failure, rows, sql } from './ddl-support.js'
import { Random } from './random.js'

const SCHEMA = [
  `create table org (id integer primary key, code text unique, size integer not null default 1 check (size < 8))`,
  `create table person (
     id integer primary key,
     org integer references org (id) on delete ACTION1 on update ACTION2,
     code text references org (code) on delete ACTION3 on update ACTION4,
     age integer check (age <> 5),
     twice integer generated always as (age * 2) stored,
     constraint pair unique (org, age))`,
  `create table note (
     id integer primary key,
     person integer default 3 references person (id) on delete ACTION5 on update ACTION6,
     parent integer references note (id) on delete cascade,
     body text)`,
  `create index person_org on person (org)`,
  `create index note_person on note (person) where person > 0`,
  `create unique index note_body on note (lower(body)) where person is not null`,
]
const ACTIONS = ['cascade', 'set null', 'set default', 'no action', 'restrict', 'cascade']
const TABLES = ['org', 'person', 'note']

/** A random statement over the three tables. */
function statement(random: Random): string {
  const id = () => (random.chance(0.08) ? 'null' : String(random.below(6)))
  const age = () => (random.chance(0.2) ? 'null' : String(random.below(8)))
  const code = () => (random.chance(0.3) ? 'null' : `'${'abcd'[random.below(4)]!}'`)
  const key = () => String(random.below(6))
  const word = random.pick(['insert', 'insert', 'insert or ignore', 'insert or replace'])
  switch (random.below(9)) {
    case 0:
      return `${word} into org (id, code, size) values (${key()}, ${code()}, ${random.below(9)})`
    case 1:
    case 2:
      return `${word} into person (id, org, code, age) values (${key()}, ${id()}, ${code()}, ${age()})`
    case 3:
    case 4:
      return `${word} into note (id, person, parent, body) values (${key()}, ${id()}, ${id()}, ${random.pick(["'x'", "'X'", "'y'", 'null'])})`
    case 5:
      return `delete from ${random.pick(TABLES)} where id ${random.pick(['=', '<', '>='])} ${key()}`
    case 6:
      return `update org set id = ${key()} where id = ${key()}`
    case 7:
      return `update person set ${random.pick([`id = ${key()}`, `org = ${id()}`, `code = ${code()}`, `age = ${age()}`])} where id = ${key()}`
    default:
      return random.pick([
        `update org set code = ${code()} where id = ${key()}`,
        `update note set parent = ${id()}, person = ${id()} where id = ${key()}`,
        `update org set size = size + 1 where id > ${key()}`,
      ])
  }
}

/** What kind of constraint a write breaks; nothing when none. */
function kindOf(error: unknown): string {
  if (error instanceof UniqueConstraintError) return 'UNIQUE'
  if (error instanceof ForeignKeyError) return 'FOREIGN KEY'
  if (error instanceof CheckError) return 'CHECK'
  if (error instanceof NotNullError) return 'NOT NULL'
  const text = String((error as Error).message)
  return /(UNIQUE|FOREIGN KEY|CHECK|NOT NULL) constraint/.exec(text)?.[1] ?? text
}

function outcome(body: () => unknown): string {
  try {
    body()
    return 'done'
  } catch (error) {
    return kindOf(error)
  }
}

test.each(Array.from({ length: 24 }, (_, seed) => seed))('random writes %i do what they do in SQLite', seed => {
  const random = new Random(1000 + seed)
  const db = Database.open(':memory:')
  const peer = new sqlite.Database(':memory:')
  try {
    peer.exec('pragma foreign_keys = on')
    const schema = SCHEMA.map(text => text.replace(/ACTION\d/g, () => random.pick(ACTIONS)))
    for (const text of schema) {
      sql(db, text)
      peer.exec(text)
    }
    for (let i = 0; i < 150; ++i) {
      const text = statement(random)
      const theirs = outcome(() => peer.exec(text))
      const ours = outcome(() => sql(db, text))
      // Where a row breaks several constraints at once, which of them is named is nobody's promise.
      const shown = `seed ${seed}, statement ${i}: ${text}\n${schema.join('\n')}`
      if ((ours === 'done') !== (theirs === 'done')) expect({ shown, ours }).toEqual({ shown: '', ours: theirs })
      for (const table of TABLES) {
        const all = `select * from ${table} order by id`
        const mine = rows(db, all)
        const other = (peer.all(all) as Record<string, unknown>[]).map(row => Object.values(row))
        if (JSON.stringify(mine) !== JSON.stringify(other))
          expect({ shown, table, mine }).toEqual({ shown: '', table, mine: other })
      }
    }
  } finally {
    db.close()
    peer.close()
  }
})

describe('foreign keys', () => {
  let db: Database
  const run = (text: string, ...values: unknown[]) => sql(db, text, ...values)

  beforeEach(() => {
    db = Database.open(':memory:')
    run('create table p (id integer primary key, name text)')
    run(
      'create table c (id integer primary key, p integer references p (id), constraint later foreign key (p) references p (id))',
    )
    run(`insert into p values (1, 'a'), (2, 'b')`)
  })
  afterEach(() => db.close())

  test('errors name tables, columns and the constraint', () => {
    try {
      run('insert into c values (1, 9)')
      throw new Error('accepted')
    } catch (error) {
      expect(error).toBeInstanceOf(ForeignKeyError)
      const { table, constraint, details } = error as ForeignKeyError
      expect({ table, constraint }).toEqual({ table: 'c', constraint: 'c_p_fkey' })
      expect(details).toMatchObject({ columns: 'p', referencedTable: 'p', referencedColumns: 'id' })
    }
  })

  test.each(['serializable', 'snapshot', 'readCommitted'] as const)(
    'a row that goes while another comes to name it: one of the two transactions fails (%s)',
    isolation => {
      for (const childFirst of [true, false]) {
        const one = db.beginTransaction({ isolation })
        const two = db.beginTransaction({ isolation })
        sql(one, `insert into c values (${childFirst ? 10 : 11}, ${childFirst ? 1 : 2})`)
        sql(two, `delete from p where id = ${childFirst ? 1 : 2}`)
        const [first, second] = childFirst ? [one, two] : [two, one]
        first.commit()
        expect(() => second.commit()).toThrow(TransactionConflictError)
      }
      expect(rows(db, 'select c.id from c left join p on c.p = p.id where p.id is null')).toEqual([])
    },
  )

  test('a foreign key that comes while a row goes: one of the two fails', () => {
    run('create table d (id integer primary key, p integer)')
    run('insert into d values (1, 1)')
    const ddl = db.beginTransaction()
    const write = db.beginTransaction()
    sql(ddl, 'alter table d add constraint d_p foreign key (p) references p (id)')
    sql(write, 'delete from p where id = 1')
    ddl.commit()
    expect(() => write.commit()).toThrow(TransactionConflictError)
  })

  test('that are deferred hold when the transaction commits', () => {
    run('create table e (id integer primary key, p integer references p (id) deferrable initially deferred)')
    db.transaction(t => {
      sql(t, 'insert into e values (1, 7)')
      sql(t, `insert into p values (7, 'later')`)
    })
    expect(() => db.transaction(t => sql(t, 'insert into e values (2, 8)'))).toThrow(ForeignKeyError)
    expect(rows(db, 'select id from e')).toEqual([[1]])
    expect(() => run('insert into e values (3, 8)')).toThrow(ForeignKeyError)
    const begun = db.beginTransaction()
    sql(begun, 'delete from p where id = 7')
    expect(() => begun.commit()).toThrow(ForeignKeyError)
    expect(begun.isOpen).toBe(false)
    expect(rows(db, 'select id from p where id = 7')).toEqual([[7]])
  })

  describe('that are deferred, and a change of the schema', () => {
    const PARENT = `insert into p values (7, 'later')`
    beforeEach(() =>
      run(
        'create table e (id integer primary key, n integer, p integer references p (id) deferrable initially deferred)',
      ),
    )

    test('have to hold before the change', () => {
      db.transaction(t => {
        sql(t, 'insert into e values (1, 1, 7)')
        expect(() => sql(t, 'alter table e alter column n type text')).toThrow(/Before the schema changes/)
        sql(t, 'create table more (id integer primary key)')
        sql(t, PARENT)
        sql(t, 'alter table e alter column n type text')
      })
      expect(rows(db, 'select * from e')).toEqual([[1, '1', 7]])
    })

    test('are checked in the table as it is', () => {
      const write = () =>
        db.transaction(t => {
          sql(t, 'insert into e values (1, 1, 7)')
          sql(t, PARENT)
          sql(t, 'alter table e alter column n type text')
          sql(t, 'delete from p where id = 7')
        })
      expect(write).toThrow(ForeignKeyError)
      expect(rows(db, 'select * from e')).toEqual([])
    })

    test('are open again when the row that they name is rolled back', () => {
      const write = () =>
        db.transaction(t => {
          sql(t, 'insert into e values (1, 1, 7)')
          const savepoint = t.savepoint()
          sql(t, PARENT)
          sql(t, 'alter table e alter column n type text')
          savepoint.rollback()
        })
      expect(write).toThrow(ForeignKeyError)
      db.transaction(t => {
        const savepoint = t.savepoint()
        sql(t, 'insert into e values (1, 1, 7)')
        savepoint.rollback()
        sql(t, 'alter table e alter column n type text')
      })
      expect(rows(db, 'select * from e')).toEqual([])
    })
  })

  test('a statement that fails leaves the transaction as it was', () => {
    db.transaction(t => {
      sql(t, 'insert into c values (1, 1)')
      expect(failure(() => sql(t, 'delete from p'))).toContain('is named by rows of c')
      sql(t, 'insert into c values (2, 2)')
    })
    expect(rows(db, 'select * from c order by id')).toEqual([
      [1, 1],
      [2, 2],
    ])
  })
})
