/**
 * What a tenant's client sees beside its tables: documents and answers that say whose they are, in the field that the schema calls their
 * tenant. What cannot say it is refused, and never seen whole.
 */
import type { CollectionContract } from '@sochdb/schema/contract'
import { isTransaction } from '../engine/index.js'
import { ValidationError } from '../errors/index.js'
import type {
  ChunkedDocument,
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
import type { collectionMethods } from './async.js'
import { isPlainObject } from './check.js'
import { DocumentCollection } from './collection.js'
import type { StatementTarget } from './statements.js'

/** The field that says whose a thing is, and whose client this is. */
export interface Owner {
  readonly field: string
  readonly value: unknown
}

/** @throws ValidationError where it says that it is somebody else's */
export function owned<Fields extends object>(given: Fields, { field, value }: Owner, what: string): Fields {
  const said = Object.hasOwn(given, field) ? (given as Record<string, unknown>)[field] : undefined
  if (said !== undefined && said !== value) {
    throw new ValidationError(
      `"${what}.${field}" is of another tenant than this client's. Leave it out, or use the client of that tenant.`,
    )
  }
  return { ...given, [field]: value }
}

/** In the place of what has no tenants: every call of it is refused. */
export function refused<Thing extends object>(what: string, hint: string): Thing {
  const refuse = (): never => {
    throw refusal(what, hint)
  }
  // `then`: whoever waits for it waits for an object.
  const get = (_: object, name: string | symbol): unknown =>
    typeof name === 'symbol' || name === 'then' ? undefined : refuse
  return new Proxy({}, { get }) as Thing
}

export function refusal(what: string, hint: string): ValidationError {
  return new ValidationError(`${what} is of all tenants, and this client of one.`, {
    remediation: `${hint}, or use the client that $for was called on.`,
  })
}

/** A collection as one tenant sees it. Others' documents are not there, and their ids are taken. */
export class TenantCollection implements Pick<DocumentCollection, (typeof collectionMethods)[number]> {
  readonly #contract: CollectionContract
  readonly #target: () => StatementTarget
  readonly #owner: Owner
  readonly #whole: DocumentCollection

  constructor(contract: CollectionContract, target: () => StatementTarget, owner: Owner) {
    this.#contract = contract
    this.#target = target
    this.#owner = owner
    this.#whole = new DocumentCollection(contract, target)
  }

  insert(document: NewDocument): void {
    if (!isPlainObject(document)) return this.#whole.insert(document)
    const made = { ...document, metadata: this.#marked(document.metadata) }
    this.#write([document.id], documents => documents.insert(made))
  }

  upsert(document: NewDocument): void {
    this.insert(document)
  }

  insertMulti(document: ChunkedDocument): void {
    if (!isPlainObject(document)) return this.#whole.insertMulti(document)
    const made = { ...document, metadata: this.#marked(document.metadata) }
    this.#write([document.id], documents => documents.insertMulti(made))
  }

  insertBatch(batch: DocumentBatch): number {
    if (!isPlainObject(batch) || !Array.isArray(batch.ids)) return this.#whole.insertBatch(batch)
    const { ids, metadata } = batch as DocumentBatch
    if (metadata !== undefined && !Array.isArray(metadata)) return this.#whole.insertBatch(batch)
    const marked = metadata?.map(each => this.#marked(each)) ?? Array.from(ids, () => this.#marked(undefined))
    return this.#write(ids, documents => documents.insertBatch({ ...batch, metadata: marked }))
  }

  get(id: string, options?: ReadOptions): StoredDocument | undefined {
    return this.#own(this.#whole.get(id, options))
  }

  getMany(ids: readonly string[], options?: ReadOptions): (StoredDocument | undefined)[] {
    return this.#whole.getMany(ids, options).map(document => this.#own(document))
  }

  update(id: string, change: DocumentChange): boolean {
    const isMarked = isPlainObject(change) && isPlainObject(change.metadata)
    const made = isMarked ? { ...change, metadata: this.#marked(change.metadata as Metadata) } : change
    return this.#within(documents => this.#own(documents.get(id)) !== undefined && documents.update(id, made))
  }

  delete(id: string): boolean {
    return this.#within(documents => this.#own(documents.get(id)) !== undefined && documents.delete(id))
  }

  deleteWhere(filter: MetadataFilter): number {
    return this.#whole.deleteWhere(filter === undefined ? filter : this.#filter(filter))
  }

  count(filter?: MetadataFilter, options?: ReadOptions): number {
    return this.#whole.count(this.#filter(filter), options)
  }

  list(options: ListOptions = {}): ListedDocument[] {
    return this.#whole.list(this.#filtered(options))
  }

  search(request: SearchRequest): SearchResults<Metadata | undefined> {
    return this.#whole.search(this.#filtered(request))
  }

  keywordSearch(request: KeywordRequest): SearchResults {
    return this.#whole.keywordSearch(this.#filtered(request))
  }

  hybridSearch(request: HybridRequest): SearchResults {
    return this.#whole.hybridSearch(this.#filtered(request))
  }

  searchMany(requests: readonly SearchRequest[], options?: SearchManyOptions): SearchResults[] {
    const all = Array.isArray(requests) ? requests.map((each: SearchRequest) => this.#filtered(each)) : requests
    return this.#whole.searchMany(all, options)
  }

  #marked(metadata: Metadata | undefined): Metadata {
    if (metadata !== undefined && !isPlainObject(metadata)) return metadata
    return owned(metadata ?? {}, this.#owner, this.#contract.name)
  }

  #own<Document extends StoredDocument>(document: Document | undefined): Document | undefined {
    const { field, value } = this.#owner
    return (document?.metadata as Metadata | undefined)?.[field] === value ? document : undefined
  }

  #filter(filter: MetadataFilter | undefined): MetadataFilter {
    const { field, value } = this.#owner
    const mine = { [field]: { $eq: value } } as MetadataFilter
    return filter === undefined ? mine : ({ $and: [mine, filter] } as MetadataFilter)
  }

  /** What is no request goes on as it is: the collection says what it takes. */
  #filtered<Request extends { readonly filter?: MetadataFilter | undefined }>(request: Request): Request {
    return isPlainObject(request) ? { ...(request as Request), filter: this.#filter(request.filter) } : request
  }

  /** Writes documents of these ids, none of which is another tenant's. */
  #write<T>(ids: readonly string[], write: (documents: DocumentCollection) => T): T {
    return this.#within(documents => {
      const taken = documents.getMany(ids).findIndex(held => held !== undefined && this.#own(held) === undefined)
      if (taken < 0) return write(documents)
      throw new ValidationError(
        `Collection "${this.#contract.name}" has a document "${ids[taken]!}" that this client does not see.`,
        { remediation: 'It is of another tenant: take another id.' },
      )
    })
  }

  /** Nothing changes between looking and writing. */
  #within<T>(run: (documents: DocumentCollection) => T): T {
    const target = this.#target()
    if (isTransaction(target)) return run(this.#whole)
    return target.transaction(transaction => run(new DocumentCollection(this.#contract, () => transaction)))
  }
}
