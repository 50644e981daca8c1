/** SAVEPOINT, ROLLBACK TO and RELEASE in a transaction, by name. */
import { isTransaction } from '../../engine/transaction.js'
import type { Savepoint } from '../../engine/transaction.js'
import type { Transaction } from '../../engine/index.js'
import { TransactionError } from '../../errors/index.js'
import { foldName } from '../catalog/store.js'
import type { TransactionStatement } from '../ast/nodes.js'
import type { StatementTarget } from '../session.js'

/** Open savepoints, the newest last: SQL allows a name to be used again. A transaction has them through whatever namespace it is seen. */
const savepoints = new WeakMap<object, { readonly name: string; readonly savepoint: Savepoint }[]>()

export function runTransactionStatement(target: StatementTarget, statement: TransactionStatement): void {
  if (!isTransaction(target)) throw notHere(statement.kind)
  switch (statement.kind) {
    case 'savepoint':
      openOf(target).push({ name: foldName(statement.name), savepoint: target.savepoint() })
      return
    case 'release': {
      const { open, at } = find(target, statement.name)
      open[at]!.savepoint.release()
      open.length = at
      return
    }
    case 'rollback': {
      if (statement.to === undefined) throw notHere('rollback')
      const { open, at } = find(target, statement.to)
      const { name, savepoint } = open[at]!
      savepoint.rollback()
      open.length = at
      // Rolling back ends the engine's savepoint; SQL's stays, for another try.
      open.push({ name, savepoint: target.savepoint() })
      return
    }
    default:
      throw notHere(statement.kind)
  }
}

function openOf(transaction: Transaction) {
  let open = savepoints.get(transaction.whole)
  if (!open) savepoints.set(transaction.whole, (open = []))
  return open
}

function find(transaction: Transaction, name: string) {
  const open = openOf(transaction)
  const folded = foldName(name)
  const at = open.findLastIndex(entry => entry.name === folded)
  if (at < 0) throw new TransactionError(`There is no savepoint "${name}" in this transaction.`)
  return { open, at }
}

/** A database has no transaction of its own that later calls would be part of. */
function notHere(kind: string): TransactionError {
  return new TransactionError(`${kind.toUpperCase()} does not run as a statement here.`, {
    remediation:
      'Use db.transaction(fn), or db.beginTransaction() with its commit() and abort(); statements of it run through txn.execute().',
  })
}
