/** One collection of a contract: metadata checked against its schema, the rest is the collection's own. */
import type { CollectionContract } from '@sochdb/schema/contract'
import { validatorFor, type Validator } from '@sochdb/schema/validator'
import { InvalidMetadataError } from '../errors/index.js'
import { openCollection } from '../search/index.js'
import type {
  Collection,
  DocumentBatch,
  DocumentChange,
  MetadataFilter,
  NewDocument,
  SearchRequest,
  SearchResults,
  StoredDocument,
} from '../search/index.js'
import type { StatementTarget } from './statements.js'
import { isPlainObject } from './where.js'

/** `SyncTypedCollection` of types.ts, whose type parameters the generated code supplies. */
export class DocumentCollection {
  readonly #contract: CollectionContract
  readonly #target: () => StatementTarget
  #validator: Validator | undefined

  constructor(contract: CollectionContract, target: () => StatementTarget) {
    this.#contract = contract
    this.#target = target
  }

  insert(document: NewDocument): void {
    this.#check(document.id, document.metadata)
    this.#collection().insert(document)
  }

  insertBatch(documents: DocumentBatch): number {
    documents.metadata?.forEach((metadata, i) => {
      this.#check(documents.ids[i] ?? `#${String(i)}`, metadata)
    })
    return this.#collection().insertBatch(documents)
  }

  get(id: string): StoredDocument | undefined {
    return this.#collection().get(id)
  }

  update(id: string, change: DocumentChange): boolean {
    if (isPlainObject(change.metadata)) {
      const stored = this.get(id)
      if (stored === undefined) return false
      this.#check(id, { ...stored.metadata, ...change.metadata })
    }
    return this.#collection().update(id, change)
  }

  delete(id: string): boolean {
    return this.#collection().delete(id)
  }

  count(filter?: MetadataFilter): number {
    return this.#collection().count(filter)
  }

  search(query: SearchRequest): SearchResults {
    return this.#collection().search(query)
  }

  #collection(): Collection {
    return openCollection(this.#target(), this.#contract.name)
  }

  #check(id: string, metadata: unknown): void {
    this.#validator ??= validatorFor(this.#contract.metadata)
    const problem = this.#validator(metadata ?? {})
    if (problem === undefined) return
    throw new InvalidMetadataError(`Document "${id}" of collection "${this.#contract.name}": ${problem}.`)
  }
}
