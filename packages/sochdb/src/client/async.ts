/** The promise-returning face of what runs on the calling thread: the same calls, with errors as rejections. */
import type { ReadQuery, TableRepository } from './repository.js'

/** Of a repository: what `streamed` gives is no promise. */
export function asyncRepository(inner: TableRepository): object {
  const outer = promised(repositoryMethods, inner)
  return Object.freeze({ ...outer, stream: (query?: ReadQuery) => rowsOf(inner, query) })
}

async function* rowsOf(inner: TableRepository, query: ReadQuery | undefined): AsyncGenerator<unknown, void> {
  yield* inner.stream(query)
}

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
  'upsert',
  'find',
  'findOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'findPage',
  'exists',
  'count',
  'aggregate',
  'groupBy',
  'explain',
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
