/** A random schema, as SQL that SQLite takes too, and what random statements have to know of it. */
import type { Random } from '../random.js'

export type Kind = 'integer' | 'real' | 'text' | 'blob'

export interface Column {
  readonly name: string
  readonly kind: Kind
  readonly nullable: boolean
  /** A part of a unique key, its table's own or an index's; or another table's rows refer to it. */
  isKey: boolean
}

export interface Table {
  readonly name: string
  columns: Column[]
  /** The primary key. */
  readonly key: readonly string[]
  /** Sets of columns that ON CONFLICT can name. */
  readonly uniques: string[][]
  /** Whether it has a foreign key, so that writes elsewhere may change it. */
  refers: boolean
  /** Names of indexes that can be dropped. */
  readonly indexes: string[]
}

export const TEXTS = ['', 'a', 'ab', 'abc', 'B', 'Ba', 'über', 'z', '%', '_', 'a%', ' a ', "it''s", '10', '1.5']
const BLOBS = ["x''", "x'00'", "x'61'", "x'ff00'"]
const KINDS: readonly Kind[] = ['integer', 'integer', 'integer', 'text', 'text', 'real', 'blob']

/** A literal. Fractions are quarters: sums of them are exact in whatever order they are taken. */
export function literal(random: Random, kind: Kind): string {
  switch (kind) {
    case 'integer':
      return String(random.chance(0.1) ? random.below(2000) - 1000 : random.below(12) - 2)
    case 'real':
      return ((random.below(64) - 16) / 4).toFixed(2)
    case 'text':
      return `'${random.pick(TEXTS)}'`
    case 'blob':
      return random.pick(BLOBS)
  }
}

export class World {
  readonly tables: Table[] = []
  #names = 0

  constructor(readonly random: Random) {}

  /** The statements that create it. */
  create(): string[] {
    const count = 2 + this.random.below(3)
    return Array.from({ length: count }, () => this.#table()).flat()
  }

  name(prefix: string): string {
    return `${prefix}${++this.#names}`
  }

  #table(): string[] {
    const { random } = this
    const name = this.name('t')
    const { columns, parts, key } = this.#key()
    const table: Table = { name, columns, key, uniques: [[...key]], refers: false, indexes: [] }
    // What stands behind all columns.
    const extra = key.length > 1 ? [`primary key (${key.join(', ')})`] : []
    for (let i = 1 + random.below(4); i > 0; --i) parts.push(this.#column(table, extra))
    if (random.chance(0.3)) this.#foreignKey(table, parts, extra)
    this.tables.push(table)
    const indexes = Array.from({ length: random.below(3) }, () => this.index(table))
    return [`create table ${name} (${[...parts, ...extra].join(', ')}) strict`, ...indexes]
  }

  #key(): { columns: Column[]; parts: string[]; key: string[] } {
    const { random } = this
    const column = (name: string, kind: Kind): Column => ({ name, kind, nullable: false, isKey: true })
    switch (random.below(4)) {
      case 0: {
        const kinds = [random.pick(['integer', 'text'] as const), 'integer'] as const
        const parts = [`k ${kinds[0]} not null`, `n ${kinds[1]} not null`]
        return { columns: [column('k', kinds[0]), column('n', kinds[1])], parts, key: ['k', 'n'] }
      }
      case 1:
        return { columns: [column('code', 'text')], parts: ['code text not null primary key'], key: ['code'] }
      default:
        return { columns: [column('id', 'integer')], parts: ['id integer primary key'], key: ['id'] }
    }
  }

  #column(table: Table, extra: string[]): string {
    const { random } = this
    const kind = random.pick(KINDS)
    const name = 'abcdefgh'[table.columns.length]!
    const nullable = random.chance(0.7)
    const parts = [name, kind]
    if (!nullable) parts.push(`not null default ${literal(random, kind)}`)
    else if (random.chance(0.2)) parts.push(`default ${literal(random, kind)}`)
    const isUnique = random.chance(0.12)
    if (isUnique) {
      parts.push('unique')
      table.uniques.push([name])
    }
    if (kind === 'integer' && random.chance(0.15)) {
      const check = random.pick([`${name} < 900`, `${name} <> 7`, `${name} is null or ${name} > -900`])
      if (random.chance(0.5)) parts.push(`check (${check})`)
      else extra.push(`check (${check})`)
    }
    table.columns.push({ name, kind, nullable, isKey: isUnique })
    return parts.join(' ')
  }

  #foreignKey(table: Table, parts: string[], extra: string[]): void {
    const { random } = this
    const targets = this.tables.filter(({ key }) => key.length === 1)
    if (targets.length === 0) return
    const target = random.pick(targets)
    const kind = target.columns.find(({ name }) => name === target.key[0])!.kind
    const name = 'ref'
    parts.push(`${name} ${kind}`)
    const action = () => random.pick(['', '', 'cascade', 'set null', 'restrict', 'no action'])
    const actions = (['delete', 'update'] as const).map(event => {
      const chosen = action()
      return chosen === '' ? '' : ` on ${event} ${chosen}`
    })
    const deferred = random.chance(0.3) ? ' deferrable initially deferred' : ''
    extra.push(`foreign key (${name}) references ${target.name} (${target.key[0]!})${actions.join('')}${deferred}`)
    table.columns.push({ name, kind, nullable: true, isKey: false })
    table.refers = true
  }

  /** CREATE INDEX over what there is. */
  index(table: Table): string {
    const { random } = this
    const name = this.name('i')
    const columns = shuffled(random, table.columns).slice(0, 1 + random.below(3))
    const isUnique = random.chance(0.15)
    const isPartial = random.chance(0.2)
    if (isUnique) {
      for (const column of columns) column.isKey = true
      // SQLite finds no key that holds a whole INTEGER PRIMARY KEY.
      const isFound = !isPartial && !columns.some(column => table.key.length === 1 && column.name === table.key[0])
      if (isFound) table.uniques.push(columns.map(column => column.name))
    }
    table.indexes.push(name)
    const list = columns.map(column => column.name + (random.chance(0.3) ? ' desc' : '')).join(', ')
    const where = isPartial ? ` where ${columns[0]!.name} is not null` : ''
    return `create ${isUnique ? 'unique ' : ''}index ${name} on ${table.name} (${list})${where}`
  }
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const rest = [...items]
  const taken: T[] = []
  while (rest.length > 0) taken.push(...rest.splice(random.below(rest.length), 1))
  return taken
}
