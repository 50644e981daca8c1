/** Migrations of two branches that meet: whether it matters which comes first. */
import { applyOperations, OperationConflictError, sameModel } from './apply.js'
import type { StoreModel } from './model.js'
import type { Operation } from './operations.js'

/** Why two branches cannot be joined as they are; `undefined`: they can. */
export function conflictOf(
  base: StoreModel,
  one: readonly Operation[],
  other: readonly Operation[],
): string | undefined {
  const declared = clash(one, other)
  if (declared !== undefined) return declared
  if (one.some(isData) && other.some(isData)) return 'Both run code of their own over the rows.'
  try {
    const first = applyOperations(applyOperations(base, one), other)
    const second = applyOperations(applyOperations(base, other), one)
    return sameModel(first, second) ? undefined : 'What comes out depends on which of them comes first.'
  } catch (error) {
    if (error instanceof OperationConflictError) return error.message
    throw error
  }
}

const isData = ({ kind }: Operation): boolean => kind === 'data'

/** A declaration that both change. */
function clash(one: readonly Operation[], other: readonly Operation[]): string | undefined {
  const declared = (operations: readonly Operation[]) =>
    operations.flatMap(operation => (operation.kind === 'declare' ? [`${operation.section}.${operation.name}`] : []))
  const twice = declared(one).find(name => declared(other).includes(name))
  return twice === undefined ? undefined : `Both change the declaration ${twice}.`
}
