/**
 * Names of generated types and files. A table's key on the client names its file and, in the singular, its row: `users` is
 * `models/users.ts` with `User`, `NewUser`, `UserWhere` …
 */
import type { Contract } from '@sochdb/schema'

const irregular: Readonly<Record<string, string>> = {
  people: 'person',
  children: 'child',
  men: 'man',
  women: 'woman',
  mice: 'mouse',
  geese: 'goose',
  feet: 'foot',
  teeth: 'tooth',
  indices: 'index',
  vertices: 'vertex',
  matrices: 'matrix',
  criteria: 'criterion',
  phenomena: 'phenomenon',
  analyses: 'analysis',
  crises: 'crisis',
  theses: 'thesis',
  leaves: 'leaf',
  lives: 'life',
  knives: 'knife',
  shelves: 'shelf',
  wolves: 'wolf',
  series: 'series',
  species: 'species',
  news: 'news',
  movies: 'movie',
  cookies: 'cookie',
  heroes: 'hero',
  potatoes: 'potato',
  tomatoes: 'tomato',
}

/** The singular of an English plural, judged by its last word: `orderLines` → `orderLine`. What is not a plural stays. */
export function singular(name: string): string {
  const [, head, last] = /^(.*?)([A-Z]?[a-z]+)$/.exec(name) ?? [name, '', name]
  const word = last!.toLowerCase()
  const known = Object.hasOwn(irregular, word) ? irregular[word] : undefined
  if (known !== undefined) return head! + matchCase(last!, known)
  if (/[^aeiou]ies$/.test(word) && word.length > 4) return head! + last!.slice(0, -3) + 'y'
  if (/(ss|x|z|ch|sh)es$/.test(word)) return head! + last!.slice(0, -2)
  if (/(status|campus|virus|bonus|census)es$/.test(word)) return head! + last!.slice(0, -2)
  if (/[^su]s$/.test(word) && !/is$/.test(word) && word.length > 2) return head! + last!.slice(0, -1)
  return name
}

function matchCase(original: string, word: string): string {
  return /^[A-Z]/.test(original) ? word.charAt(0).toUpperCase() + word.slice(1) : word
}

/** `order_lines` and `orderLines` → `OrderLines`. */
export function pascal(name: string): string {
  const joined = name
    .split('_')
    .filter(part => part !== '')
    .map(part => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
  return /^\d/.test(joined) || joined === '' ? `_${joined}` : joined
}

/** A table of the contract with the names its generated types have. */
export interface ModelNames {
  /** Property on the client, and name of the file. */
  readonly key: string
  /** Name of the row: `User`. */
  readonly row: string
  /** Name of Kysely's interface: `UsersTable`. */
  readonly table: string
}

/** The type names of one generated directory: `index.ts` exports them all, so no two are the same. */
export class TypeNames {
  readonly #taken = new Set(reservedTypes)

  /** The first candidate that is free, with everything `derive` makes of it; else the first one with a number. */
  claim(candidates: readonly string[], derive: (name: string) => readonly string[] = name => [name]): string {
    const free = (name: string): boolean => derive(name).every(derived => !this.#taken.has(derived))
    let name = candidates.find(free)
    for (let n = 2; name === undefined; n++) if (free(`${candidates[0]!}${n}`)) name = `${candidates[0]!}${n}`
    for (const derived of derive(name)) this.#taken.add(derived)
    return name
  }
}

/** Names for every table. Where two would share one, the later key keeps its own form: `user` and `users` are `User` and `Users`. */
export function modelNames(contract: Contract, types: TypeNames): ReadonlyMap<string, ModelNames> {
  const names = new Map<string, ModelNames>()
  for (const key of Object.keys(contract.tables)) {
    const plain = pascal(key)
    const row = types.claim([pascal(singular(key)), plain, `${plain}Row`], derivedTypes)
    names.set(key, { key, row, table: types.claim([`${plain}Table`]) })
  }
  return names
}

/** What every generated directory exports, and what generated files use as they find it. */
const reservedTypes = [
  'Client',
  'SyncClient',
  'TransactionClient',
  'SyncTransactionClient',
  'Repositories',
  'SyncRepositories',
  'DB',
  'Contract',
  'ClientOptions',
  'Kysely',
  'SochdbDialect',
  'ColumnType',
  'Repository',
  'SyncRepository',
  'TypedCollection',
  'SyncTypedCollection',
  'TypedCache',
  'SyncTypedCache',
  ...['GraphClient', 'AnyNode', 'AnyEdge', 'GraphWay', 'MissingNode', 'NodeModel', 'EdgeModel'],
  ...['GraphNodes', 'GraphEdges', 'TemporalGraphEdges', 'GraphWalk', 'TypedGraph', 'GraphClient', 'KeySpace'].flatMap(
    type => [type, `Sync${type}`],
  ),
  ...['WalkStep', 'TypedSubgraph', 'Moment'],
  'RelatedOne',
  'RelatedMany',
  'SortOrder',
  'VectorInput',
  'DateInput',
  'NumberChange',
  'BigintChange',
  'DecimalChange',
  ...['ManyFilter', 'OneFilter', 'CreateOne', 'CreateMany', 'ChangeOne', 'ChangeMany'],
  ...['ScopeOptions', 'QueryEvent', 'SqlTag', 'SyncSqlTag'],
  'TransactionOptions',
  'SyncTransactionOptions',
  'Date',
  'Array',
  'Promise',
  'Uint8Array',
  'Float32Array',
  'Record',
  'Object',
  'String',
  'Number',
  'Boolean',
  'Symbol',
  'Iterable',
  ...['Text', 'Number', 'Bigint', 'Decimal', 'Date', 'Day', 'Boolean', 'Uuid', 'Blob', 'Enum'].flatMap(type => [
    `${type}Filter`,
    `Nullable${type}Filter`,
  ]),
  ...['Text', 'Number', 'Boolean', 'Enum'].map(type => `Metadata${type}Filter`),
  ...['Hooks', 'SyncHooks', 'ClientHooks', 'TableHooks', 'SyncTableHooks', 'AnyHook'],
  ...['NullFilter', 'ValueFilter', 'NullableValueFilter', 'Codec'],
]

/** Every type a row's name gives rise to. */
function derivedTypes(row: string): string[] {
  const suffixes = [
    '',
    'Patch',
    'Change',
    'Where',
    'Order',
    'Key',
    'Include',
    'Related',
    'With',
    'Sums',
    'Averages',
    'Model',
  ]
  const writes = ['', 'With', 'Of', 'By'].map(suffix => `New${row}${suffix}`)
  return [...writes, ...suffixes.map(suffix => `${row}${suffix}`)]
}
