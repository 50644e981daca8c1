/** What the tests of isolation through SQL share: the levels, accounts, and the ways in which statements reach one of them. */
import { Database, TransactionConflictError } from '../../src/index.js'
import type { IsolationLevel, Transaction } from '../../src/index.js'

export const LEVELS: readonly IsolationLevel[] = ['readCommitted', 'snapshot', 'serializable']

export type Target = Database | Transaction

/** Accounts 1 and 2 with 10 and 20, and names for both. `pool` is 7 for all of them. */
export function openAccounts(): Database {
  const db = Database.open(':memory:')
  db.execute(`create table account (
    id integer primary key, code text not null unique, pool integer not null default 7, balance integer not null)`)
  db.execute('create index account_pool on account (pool, balance)')
  db.execute('create table holder (name text primary key, account integer not null)')
  db.execute('create table audit (n integer primary key autoincrement, balance integer)')
  db.execute(`insert into holder values ('one', 1), ('two', 2), ('three', 3)`)
  reset(db)
  return db
}

/** The accounts as they are in the beginning. */
export function reset(db: Database): void {
  db.transaction(transaction => {
    transaction.execute('delete from account')
    transaction.execute(`insert into account (id, code, balance) values (1, 'one', 10), (2, 'two', 20)`)
  })
}

/** Commits each in turn; which of them went through. */
export function commitAll(...transactions: readonly Transaction[]): boolean[] {
  return transactions.map(transaction => {
    try {
      transaction.commit()
      return true
    } catch (error) {
      expect(error).toBeInstanceOf(TransactionConflictError)
      return false
    }
  })
}

/** All balances by identity, outside of any transaction. */
export const balances = (db: Database): Record<string, number> =>
  Object.fromEntries(
    db
      .execute<{ id: number; balance: number }>('select id, balance from account')
      .rows.map(({ id, balance }) => [String(id), balance]),
  )

/** The one value of a statement that gives one row of one column; undefined without a row. */
export function valueOf(target: Target, text: string, ...values: readonly (number | string)[]): number | undefined {
  const { rows } = target.execute<Record<string, number>>(text, values)
  expect(rows.length).toBeLessThan(2)
  return rows[0] === undefined ? undefined : Object.values(rows[0])[0]
}

/** Reads the balance of one account. The first reach it by key, the others through operators over many rows. */
export const READS: Readonly<Record<string, string>> = {
  'its key': 'select balance from account where id = ?1',
  'a unique index': `select balance from account where code = case ?1 when 1 then 'one' when 2 then 'two' else 'three' end`,
  'keys in a list': 'select balance from account where id in (?1, -1)',
  'a scan': 'select balance from account where id + 0 = ?1 and balance is not null',
  'an index': 'select balance from account where pool = 7 and id + 0 = ?1',
  'a join': 'select a.balance from holder h join account a on a.id = h.account where h.account = ?1',
  'a join that hashes':
    'select a.balance from holder h join account a on a.id + 0 = h.account + 0 where h.account = ?1',
  'a scalar subquery':
    'select s from (select (select balance from account where id = h.account) as s from holder h where h.account = ?1) where s is not null',
  'an IN with a subquery': 'select balance from account where id in (select account from holder where account = ?1)',
  'a CTE': 'with c as (select id, balance from account) select balance from c where id = ?1',
  'a set operation': 'select balance from account where id = ?1 union select balance from account where id = ?1',
  'a window': 'select s from (select id, sum(balance) over (partition by id) as s from account) where id = ?1',
  'an aggregate over a range': 'select sum(balance) as s from account where id between ?1 and ?1 having count(*) > 0',
  'INSERT … SELECT': 'insert into audit (balance) select balance from account where id = ?1 returning balance',
  'INSERT … SELECT of a scan':
    'insert into audit (balance) select balance from account where id + 0 = ?1 returning balance',
}

/** Gives account ?1 the balance ?2. */
export const WRITES: Readonly<Record<string, string>> = {
  'its key': 'update account set balance = ?2 where id = ?1',
  RETURNING: 'update account set balance = ?2 where id = ?1 returning balance',
  'a scan': 'update account set balance = ?2 where id + 0 = ?1',
  'UPDATE … FROM': 'update account set balance = ?2 from holder h where h.account = account.id and h.account = ?1',
  'an upsert': `insert into account (id, code, balance) values (?1, case ?1 when 1 then 'one' when 2 then 'two' else 'three' end, ?2)
    on conflict (id) do update set balance = excluded.balance`,
  'an upsert from SELECT': `insert into account (id, code, balance)
    select h.account, h.name, ?2 from holder h where h.account = ?1 on conflict (id) do update set balance = excluded.balance`,
  REPLACE: `replace into account (id, code, balance) values (?1, case ?1 when 1 then 'one' when 2 then 'two' else 'three' end, ?2)`,
}
