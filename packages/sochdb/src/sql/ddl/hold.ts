/** What a change of the schema rests on has to hold until its transaction commits. */
import { INDEX_POLICY_NUMBER } from '../../engine/constants.js'
import { nativeHandle } from '../../engine/handle.js'
import { native } from '../../engine/native.js'
import type { Transaction } from '../../engine/transaction.js'
import { errorFromNative } from '../../errors/index.js'
import type { TableEntry } from '../catalog/entries.js'
import { tablePrefix } from '../policy.js'
import type { NativeExec } from '../result/native.js'

const exec = native as unknown as NativeExec

/**
 * Holds a table's rows still: the transaction cannot commit once another one has written some, whatever its isolation. Ask before
 * the rows are read.
 */
export function holdRows(transaction: Transaction, { id, policy }: TableEntry): void {
  const { namespaceId } = transaction
  const [lo, hi] = [tablePrefix(namespaceId, id), tablePrefix(namespaceId, id + 1)]
  try {
    exec.holdTable(transaction[nativeHandle], INDEX_POLICY_NUMBER[policy], lo, hi)
  } catch (error) {
    throw errorFromNative(error)
  }
}

/**
 * Checks the deferred foreign keys of rows that the transaction has written: at its commit they would be looked for where they were
 * before the change.
 *
 * @throws ForeignKeyError where a row names none yet
 */
export function settleForeignKeys(transaction: Transaction): void {
  try {
    exec.settleForeignKeys(transaction.handleToCommit)
  } catch (error) {
    throw errorFromNative(error)
  }
}
