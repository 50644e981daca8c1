/** One collection of a contract: metadata checked against its schema, the rest is the collection's own. */
import type { CollectionContract } from '@sochdb/schema/contract'
import { completerFor, type Completer } from '@sochdb/schema/validator'
import { isTransaction, type Transaction } from '../engine/index.js'
import { InvalidMetadataError } from '../errors/index.js'
import { openCollection } from '../search/index.js'
import type {
  ChunkedDocument,
  Collection,
  DocumentBatch,
  DocumentChange,
  HybridRequest,
  KeywordRequest,
  ListedDocument,
  ListOptions,
  Metadata,
  MetadataFilter,
  NewDocument,
  ReadOptions,
  SearchManyOptions,
  SearchRequest,
  SearchResults,
  StoredDocument,
} from '../search/index.js'
import { isPlainObject } from './check.js'
import type { StatementTarget } from './statements.js'

/** `SyncTypedCollection` of collection-types.ts, whose type parameters the generated code supplies. */
export class DocumentCollection {
  readonly #contract: CollectionContract
  readonly #target: () => StatementTarget
  #completer: Completer | undefined

  constructor(contract: CollectionContract, target: () => StatementTarget) {
    this.#contract = contract
    this.#target = target
  }

  // What has not the shape of a document or a batch goes on as it is: the collection says what it takes.

  insert(document: NewDocument): void {
    if (!isPlainObject(document)) return this.#collection().insert(document)
    this.#collection().insert({ ...document, metadata: this.#complete(document.id, document.metadata) })
  }

  upsert(document: NewDocument): void {
    this.insert(document)
  }

  insertMulti(document: ChunkedDocument): void {
    if (!isPlainObject(document)) return this.#collection().insertMulti(document)
    this.#collection().insertMulti({ ...document, metadata: this.#complete(document.id, document.metadata) })
  }

  insertBatch(batch: DocumentBatch): number {
    const collection = this.#collection()
    if (!isPlainObject(batch) || !Array.isArray(batch.ids)) return collection.insertBatch(batch)
    const { ids, metadata: given } = batch as DocumentBatch
    const isComplete = given === undefined || (Array.isArray(given) && given.length === ids.length)
    if (!isComplete) return collection.insertBatch(batch)
    const metadata = Array.from(ids, (id, i) => this.#complete(id, given?.[i]))
    return collection.insertBatch({ ...batch, metadata })
  }

  get(id: string, options?: ReadOptions): StoredDocument | undefined {
    return this.#collection().get(id, options)
  }

  getMany(ids: readonly string[], options?: ReadOptions): (StoredDocument | undefined)[] {
    return this.#collection().getMany(ids, options)
  }

  update(id: string, change: DocumentChange): boolean {
    if (!isPlainObject(change) || !isPlainObject(change.metadata)) return this.#collection().update(id, change)
    const target = this.#target()
    // What is merged is checked as a whole, and nothing may change in between.
    return isTransaction(target)
      ? this.#merge(target, id, change)
      : target.transaction(txn => this.#merge(txn, id, change))
  }

  #merge(transaction: Transaction, id: string, change: DocumentChange): boolean {
    const collection = openCollection(transaction, this.#contract.name)
    const stored = collection.get(id)
    if (stored === undefined) return false
    const metadata = this.#complete(id, { ...stored.metadata, ...change.metadata })
    return collection.update(id, { ...change, metadata })
  }

  delete(id: string): boolean {
    return this.#collection().delete(id)
  }

  deleteWhere(filter: MetadataFilter): number {
    return this.#collection().deleteWhere(filter)
  }

  count(filter?: MetadataFilter, options?: ReadOptions): number {
    return this.#collection().count(filter, options)
  }

  list(options?: ListOptions): ListedDocument[] {
    return this.#collection().list(options)
  }

  search(request: SearchRequest): SearchResults<Metadata | undefined> {
    return this.#collection().search(request)
  }

  keywordSearch(request: KeywordRequest): SearchResults {
    return this.#collection().keywordSearch(request)
  }

  hybridSearch(request: HybridRequest): SearchResults {
    return this.#collection().hybridSearch(request)
  }

  searchMany(requests: readonly SearchRequest[], options?: SearchManyOptions): SearchResults[] {
    return this.#collection().searchMany(requests, options)
  }

  #collection(): Collection {
    return openCollection(this.#target(), this.#contract.name)
  }

  /** The metadata to store, with the defaults of its schema filled in. */
  #complete(id: string, metadata: unknown): Metadata {
    this.#completer ??= completerFor(this.#contract.metadata)
    const result = this.#completer(metadata ?? {})
    if (result.ok) return result.value as Metadata
    throw new InvalidMetadataError(`Document "${id}" of collection "${this.#contract.name}": ${result.problem}.`)
  }
}
