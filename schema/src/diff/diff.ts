/** Two contracts in, the operations that lead from one to the other out. */
import type { Contract } from '../contract/contract.js'
import { canonicalJson } from '../core/json.js'
import { sameModel } from './apply.js'
import { diffCaches, diffCollections } from './diff-collections.js'
import { diffDeclarations } from './diff-declarations.js'
import { diffTables } from './diff-tables.js'
import { HintError, type Hints, type Question } from './hints.js'
import { emptyModel, storeModel, type StoreModel } from './model.js'
import type { Operation } from './operations.js'
import { Steps } from './steps.js'

export interface ContractDiff {
  readonly operations: readonly Operation[]
  /** Where a name went and another came, and nothing says whether it is the same thing. Answer them in the hints. */
  readonly questions: readonly Question[]
}

/**
 * The operations that carry a store of the contract `before` (`undefined`: an empty one) to `after`.
 *
 * Things are the same when they have the same name, when a declaration says `renamedFrom`, or when the hints say so; a rename is
 * never guessed.
 *
 * `from`: what the store is, where that is not what `before` says: branches have met in it.
 *
 * @throws HintError for hints that fit nothing
 * @throws UnsupportedChangeError for a change that no operation makes
 * @throws UnknownContractError for a contract of a newer version
 */
export function diffContracts(
  before: Contract | undefined,
  after: Contract,
  hints: Hints = {},
  from: StoreModel = before === undefined ? emptyModel : storeModel(before),
): ContractDiff {
  const target = storeModel(after)
  const steps = new Steps(from, hints)
  diffTables(steps, target, after)
  diffCollections(steps, target)
  diffCaches(steps, target)
  const unused = steps.unusedHints()
  if (unused.length > 0) throw new HintError(`These hints fit nothing that changes: ${unused.join(', ')}.`)
  if (!sameModel(steps.model, target)) {
    throw new Error(
      `The operations found do not lead to the contract. This is a mistake in SochDB: please report it.\n${canonicalJson(steps.operations)}`,
    )
  }
  diffDeclarations(steps, before, after)
  return { operations: steps.operations, questions: steps.questions }
}
