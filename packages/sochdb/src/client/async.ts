/** The promise-returning face of what runs on the calling thread: the same calls, with errors as rejections. */

/**
 * An object whose every method runs `methods` of `inner` and wraps what they return or throw in a promise. Built once per
 * class of things, not per call.
 */
export function promised<Inner extends object>(methods: readonly (keyof Inner & string)[], inner: Inner): object {
  const outer: Record<string, unknown> = {}
  for (const method of methods) {
    outer[method] = async (...args: unknown[]) => (inner[method] as (...args: unknown[]) => unknown).apply(inner, args)
  }
  return Object.freeze(outer)
}

export const repositoryMethods = [
  'insert',
  'insertMany',
  'find',
  'findFirst',
  'findMany',
  'count',
  'update',
  'updateMany',
  'delete',
  'deleteMany',
] as const

export const collectionMethods = [
  'insert',
  'upsert',
  'insertBatch',
  'insertMulti',
  'get',
  'getMany',
  'update',
  'delete',
  'deleteWhere',
  'count',
  'list',
  'search',
  'keywordSearch',
  'hybridSearch',
  'searchMany',
] as const
