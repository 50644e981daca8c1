/** `client.ts`: the interfaces of the client and `createClient`, which hands the contract and Kysely to the runtime. */
import type { Contract } from '@sochdb/schema'
import { Imports, interfaceText, property, type EmittedFile } from './file.js'
import type { ModelContext } from './model.js'

const runtime = 'sochdb/client'

export function emitClient(context: ModelContext, contractHash: string): EmittedFile {
  const imports = new Imports()
  const { importExtension: extension } = context
  const hasTables = context.names.size > 0
  const text = [
    interfaceText('Repositories', members(context, imports, ''), 'What the schema declares, asynchronously.'),
    interfaceText(
      'SyncRepositories',
      members(context, imports, 'Sync'),
      'What the schema declares, on the calling thread.',
    ),
    ...(hasTables ? [hookInterface(context, imports, ''), hookInterface(context, imports, 'Sync')] : []),
    clientInterfaces(imports, extension, hasTables),
    createClientText(context, imports),
  ].join('')
  return {
    path: 'client.ts',
    made: contractHash,
    text: imports.above(text),
    language: 'typescript',
    formatted: false,
  }
}

function members(context: ModelContext, imports: Imports, prefix: '' | 'Sync'): string[] {
  const { collections: declared, names, importExtension: extension } = context
  const tables = [...names.values()].map(({ key, row }) => {
    const model = imports.type(`./models/${key}${extension}`, `${row}Model`)
    return { key, text: `${imports.type(runtime, `${prefix}Repository`)}<${model}>` }
  })
  const collections = declared.map(({ key, metadata, filter, input }) => {
    const used = [...new Set([metadata, filter, input])]
    for (const name of used) imports.type(`./collections${extension}`, name)
    const arguments_ = input === metadata ? [metadata, filter] : [metadata, filter, input]
    return { key, text: `${imports.type(runtime, `${prefix}TypedCollection`)}<${arguments_.join(', ')}>` }
  })
  const caches = context.caches.map(({ key, scope, value, input }) => {
    for (const name of new Set([scope, value, input])) imports.type(`./caches${extension}`, name)
    const arguments_ = input === value ? [scope, value] : [scope, value, input]
    return { key, text: `${imports.type(runtime, `${prefix}TypedCache`)}<${arguments_.join(', ')}>` }
  })
  const keySpaces = context.keySpaces.map(({ key, name, value, input }) => {
    for (const type of new Set([name, value, input])) imports.type(`./kv${extension}`, type)
    const arguments_ = input === value ? [name, value] : [name, value, input]
    return { key, text: `${imports.type(runtime, `${prefix}KeySpace`)}<${arguments_.join(', ')}>` }
  })
  const graph =
    context.graph.nodes.length === 0
      ? []
      : [{ key: 'graph', text: imports.type(`./graph${extension}`, `${prefix}GraphClient`) }]
  const all = [...tables, ...collections, ...caches, ...keySpaces, ...graph]
  const sql = `${doc('A statement as text: `${value}` is a parameter.')}readonly $sql: ${imports.type(runtime, `${prefix}SqlTag`)}`
  return [...all.map(({ key, text }) => `readonly ${property(key)}: ${text}`), sql]
}

function hookInterface({ names, importExtension }: ModelContext, imports: Imports, prefix: '' | 'Sync'): string {
  const client = `${prefix}Repositories`
  const tables = [...names.values()].map(({ key, row }) => {
    const model = imports.type(`./models/${key}${importExtension}`, `${row}Model`)
    return `readonly ${property(key)}?: ${imports.type(runtime, `${prefix}TableHooks`)}<${model}, ${client}>`
  })
  const all = `${doc('Around every call of every table.')}readonly $tables?: ${imports.type(runtime, 'AnyHook')}<${client}>`
  const where = prefix === '' ? 'asynchronously' : 'on the calling thread'
  return interfaceText(`${prefix}Hooks`, [...tables, all], `Hooks around the calls of tables, ${where}.`)
}

function clientInterfaces(imports: Imports, extension: string, hasTables: boolean): string {
  const qb = `${imports.value('kysely', 'Kysely')}<${imports.type(`./db${extension}`, 'DB')}>`
  const options = imports.type(runtime, 'TransactionOptions')
  const syncOptions = imports.type(runtime, 'SyncTransactionOptions')
  const begin = doc('Runs `fn` in a transaction: all of it or nothing. Conflicts are retried.')
  const beginSync = doc('Runs `fn` in a transaction, on the calling thread: all of it or nothing.')
  const syncDoc = doc('The same calls on the calling thread, without promises.')
  const qbDoc = doc('Kysely, over the same store.')
  const scope = imports.type(runtime, 'ScopeOptions')
  const forDoc = doc('The same store with the rows of one tenant, or with those that are marked as deleted.')
  const listener = `(event: ${imports.type(runtime, 'QueryEvent')}) => void`
  const extendsDoc = doc(
    'The same client with calls of your own: of its tables, and beside them. Transactions have the plain one.',
  )
  const hooksDoc = doc('The same client with hooks around the calls of its tables, also in its transactions.')
  const hooks = interfaceText(
    'ClientHooks',
    ['readonly query?: Hooks', 'readonly sync?: SyncHooks'],
    'A call that has a hook of one kind alone is refused the other way.',
  )
  const onDoc = doc('Tells of every statement that has run, or of slow ones (`slowMs`). Returns how to stop.')
  return [
    ...(hasTables ? [hooks] : []),
    interfaceText(
      'TransactionClient',
      [
        `${syncDoc}readonly sync: SyncRepositories`,
        `${qbDoc}readonly $qb: ${qb}`,
        `${forDoc}$for(scope: ${scope}): TransactionClient`,
      ],
      'The client inside a transaction.',
      'Repositories',
    ),
    interfaceText(
      'SyncClient',
      [`${beginSync}$transaction<Result>(fn: (tx: SyncRepositories) => Result, options?: ${syncOptions}): Result`],
      'The client on the calling thread.',
      'SyncRepositories',
    ),
    interfaceText(
      'Client',
      [
        `${syncDoc}readonly sync: SyncClient`,
        `${qbDoc}readonly $qb: ${qb}`,
        `${begin}$transaction<Result>(fn: (tx: TransactionClient) => Promise<Result>, options?: ${options}): Promise<Result>`,
        `${forDoc}$for(scope: ${scope}): this`,
        `${extendsDoc}$extends<Added extends object>(make: (client: this) => Added): this & Added`,
        ...(hasTables ? [`${hooksDoc}$extends(hooks: ClientHooks): this`] : []),
        `${onDoc}$on(event: 'query' | 'slow', listener: ${listener}): () => void`,
        `${doc('Closes the store, if the client opened it.')}$close(): Promise<void>`,
        '[Symbol.asyncDispose](): Promise<void>',
      ],
      'The whole store.',
      'Repositories',
    ),
  ].join('')
}

function doc(text: string): string {
  return `/** ${text} */\n  `
}

function createClientText({ contract, importExtension: extension }: ModelContext, imports: Imports): string {
  const options = imports.type(runtime, 'ClientOptions')
  imports.value(runtime, 'createClient as createRuntimeClient')
  imports.value('@sochdb/kysely', 'SochdbDialect')
  imports.value(`./contract${extension}`, 'contract')
  imports.value(`./contract${extension}`, 'contractHash')
  const hasCodecs = Object.values(contract.tables).some(table => table.columns.some(({ codec }) => codec !== undefined))
  const codecs = hasCodecs ? `${imports.value(`./codecs${extension}`, 'codecs')}, ` : ''
  return `/**
 * Opens nothing yet: the store is opened at the first call.
 *
 * @example
 * await using db = createClient({ path: './app.soch' })
 */
export function createClient(options: ${options}): Client {
  const queryBuilder = (database: QueryTarget): Kysely<DB> => new Kysely<DB>({ dialect: new SochdbDialect({ database }) })
  return createRuntimeClient<Client>({ contract, contractHash, ${codecs}queryBuilder }, options)
}
`.replace('QueryTarget', imports.type(runtime, 'QueryTarget'))
}

/** `contract.ts`: what the client compares with the store, and creates it from. */
export function emitContract(contract: Contract, contractHash: string): EmittedFile {
  const text = [
    `import type { Contract } from 'sochdb/client'\n\n`,
    `/** SHA-256 of the contract's canonical JSON. */\nexport const contractHash = '${contractHash}'\n\n`,
    `/** The schema, as data. */\nexport const contract: Contract = ${JSON.stringify(contract, null, 2)}\n`,
  ].join('')
  return { path: 'contract.ts', made: contractHash, text, language: 'typescript', formatted: true }
}

/** `index.ts`: everything an application imports. */
export function emitIndex(context: ModelContext, contractHash: string): EmittedFile {
  const { importExtension: extension, names, collections, caches, graph, keySpaces } = context
  const lines = [
    `export * from './client${extension}'`,
    ...(collections.length > 0 ? [`export type * from './collections${extension}'`] : []),
    ...(caches.length > 0 ? [`export type * from './caches${extension}'`] : []),
    ...(graph.nodes.length > 0 ? [`export type * from './graph${extension}'`] : []),
    ...(keySpaces.length > 0 ? [`export type * from './kv${extension}'`] : []),
    `export { contract, contractHash } from './contract${extension}'`,
    `export type { DB } from './db${extension}'`,
    ...[...names.values()].map(({ key }) => `export type * from './models/${key}${extension}'`),
  ]
  return {
    path: 'index.ts',
    made: contractHash,
    text: `${lines.join('\n')}\n`,
    language: 'typescript',
    formatted: true,
  }
}
