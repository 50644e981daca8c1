/** What names mean at one place of a statement. Scopes nest: a subquery sees what the query around it sees. */
import { liveColumns } from '../catalog/entries.js'
import { foldName } from '../catalog/store.js'
import { didYouMean, queryError } from '../problem.js'
import type { TableRef } from './bound.js'
import type { BindContext } from './context.js'
import type { CommonTables } from './ctes.js'
import type { Expr, SlotExpr } from './expr.js'
import { collationPart, exprKey, isNullable } from './expr.js'

export type { BindContext } from './context.js'

/** A column as a name finds it. */
export interface ScopeColumn {
  readonly name: string
  readonly expr: Expr
  /** The table it belongs to, by the name it has here. */
  readonly owner: string
}

/** What stands in FROM under one name. */
export interface ScopeTable {
  readonly name: string
  readonly columns: readonly ScopeColumn[]
  /** Not among `columns`: their names alone find them. */
  readonly hidden?: readonly ScopeColumn[] | undefined
  /** Where it is a table of the catalog. */
  readonly ref?: TableRef | undefined
}

/** A query that is run for each row of another one: what it takes from there goes into slots. */
export class Frame {
  readonly #slots = new Map<string, { readonly slot: SlotExpr; readonly expr: Expr }>()

  constructor(
    readonly context: BindContext,
    /** What the query around it sees; `undefined` for the statement itself. */
    readonly outer: Scope | undefined,
  ) {}

  /** The value of an expression of the query around it, inside. */
  capture(expr: Expr): Expr {
    if (expr.op === 'const' || expr.op === 'param') return expr
    const key = exprKey(expr)
    const known = this.#slots.get(key)
    if (known) return known.slot
    const slot: SlotExpr = {
      op: 'slot',
      type: expr.type,
      slot: this.context.newSlot(),
      nullable: isNullable(expr),
      ...collationPart(expr),
    }
    this.#slots.set(key, { slot, expr })
    return slot
  }

  get slots(): { readonly slot: number; readonly expr: Expr }[] {
    return [...this.#slots.values()].map(({ slot, expr }) => ({ slot: slot.slot, expr }))
  }
}

/** Where a query stands: what it is run for, and what the names of common tables mean there. */
export interface Site {
  readonly frame: Frame
  /** The frame whose surroundings it sees: another one for a common table that is used further inside. */
  readonly definedIn: Frame
  readonly tables: CommonTables | undefined
}

export class Scope {
  readonly tables: ScopeTable[] = []
  /** What `*` stands for, and what bare names find: merged columns of joins once. */
  columns: ScopeColumn[] = []
  /** Answer to their name alone, never to a bare column name. */
  readonly qualifiedOnly: ScopeTable[] = []
  /** Output columns by folded name: looked at after the tables, in clauses that see them. */
  aliases: ReadonlyMap<string, Expr> | undefined
  #byName: Map<string, ScopeColumn[]> | undefined

  constructor(readonly site: Site) {}

  add(table: ScopeTable): void {
    const folded = foldName(table.name)
    if (this.tables.some(other => foldName(other.name) === folded)) {
      throw queryError(`"${table.name}" names two tables of the statement.`, 'Give one of them an alias.', {
        table: table.name,
      })
    }
    this.tables.push(table)
    this.columns.push(...table.columns)
    this.#byName = undefined
  }

  /** What a part of FROM brings along. */
  adopt(part: { readonly tables: readonly ScopeTable[]; readonly columns: readonly ScopeColumn[] }): void {
    const columns = [...this.columns, ...part.columns]
    for (const table of part.tables) this.add(table)
    this.columns = columns
    this.#byName = undefined
  }

  /** The columns that a bare name may mean. */
  named(name: string): readonly ScopeColumn[] {
    if (!this.#byName) {
      this.#byName = new Map()
      for (const column of this.columns) {
        const folded = foldName(column.name)
        const same = this.#byName.get(folded)
        if (same) same.push(column)
        else this.#byName.set(folded, [column])
      }
    }
    return this.#byName.get(foldName(name)) ?? []
  }

  findTable(name: string): ScopeTable | undefined {
    const folded = foldName(name)
    return (
      this.tables.find(t => foldName(t.name) === folded) ?? this.qualifiedOnly.find(t => foldName(t.name) === folded)
    )
  }

  /** The table that `name.*` is about. */
  requireTable(name: string): ScopeTable {
    return this.findTable(name) ?? this.#noTable(name)
  }

  /** Whether there is a table of that name, here or in what is around. */
  seesTable(name: string): boolean {
    return [...this.#around()].some(scope => scope.findTable(name) !== undefined)
  }

  resolve(table: string | undefined, name: string): Expr {
    const found = this.#find(table, name)
    if (found) return found
    if (table !== undefined) return this.#noTable(table)
    const scopes = [...this.#around()]
    const names = scopes.flatMap(scope => scope.columns.map(c => c.name))
    const isBare = scopes.every(scope => scope.tables.length === 0)
    const where = isBare ? ' No table can be referred to here.' : didYouMean(name, names)
    throw queryError(`There is no column "${name}".${where}`, undefined, { columnName: name })
  }

  /** Here, or in what is around. Throws for a name that means two things. */
  #find(table: string | undefined, name: string): Expr | undefined {
    const here = table === undefined ? this.#bare(name) : this.#qualified(table, name)
    if (here) return here
    const { definedIn, frame } = this.site
    const { outer: around } = definedIn
    const outer = around === undefined ? undefined : around.#find(table, name)
    return outer && captureInto(frame, definedIn, outer)
  }

  #bare(name: string): Expr | undefined {
    const columns = this.named(name)
    if (columns.length > 1) {
      const [a, b] = columns
      throw queryError(
        `Column "${name}" is ambiguous: "${a!.owner}" and "${b!.owner}" both have one.`,
        `Write "${a!.owner}.${name}" or "${b!.owner}.${name}".`,
        { columnName: name },
      )
    }
    return columns[0]?.expr ?? this.aliases?.get(foldName(name)) ?? this.#hidden(name)
  }

  /** What no one sees who does not name it: the numbers of rows. */
  #hidden(name: string): Expr | undefined {
    const found = this.tables.flatMap(t => t.hidden ?? []).filter(c => foldName(c.name) === foldName(name))
    return found.length === 1 ? found[0]!.expr : undefined
  }

  #qualified(table: string, name: string): Expr | undefined {
    const owner = this.findTable(table)
    if (!owner) return undefined
    const folded = foldName(name)
    const columns = owner.columns.filter(c => foldName(c.name) === folded)
    if (columns.length === 1) return columns[0]!.expr
    if (columns.length > 1) {
      throw queryError(`Column "${name}" of "${owner.name}" is ambiguous.`, 'Give its columns names of their own.')
    }
    const hidden = owner.hidden?.find(c => foldName(c.name) === folded)
    if (hidden) return hidden.expr
    const shown = owner.ref?.table.entry.name ?? owner.name
    const hint = didYouMean(
      name,
      owner.columns.map(c => c.name),
    )
    throw queryError(`Table "${shown}" has no column "${name}".${hint}`, undefined, { table: shown, columnName: name })
  }

  *#around(): Generator<Scope> {
    let scope: Scope | undefined = this as Scope
    for (; scope; scope = scope.site.definedIn.outer) yield scope
  }

  #noTable(name: string): never {
    const folded = foldName(name)
    const tables = [...this.#around()].flatMap(scope => [...scope.tables, ...scope.qualifiedOnly])
    const aliased = tables.find(t => t.ref && foldName(t.ref.table.entry.name) === folded)
    const hint = aliased
      ? ` It is called "${aliased.name}" here.`
      : didYouMean(
          name,
          tables.map(t => t.name),
        )
    throw queryError(`The statement has no table "${name}".${hint}`, undefined, { table: name })
  }
}

/** An expression that `from` sees, through every query between it and `frame`. */
function captureInto(frame: Frame, from: Frame, expr: Expr): Expr {
  if (frame === from) return frame.capture(expr)
  return frame.capture(captureInto(frame.outer!.site.frame, from, expr))
}

/** A table of the catalog, under the name it has here. */
export function scopeTable(ref: TableRef): ScopeTable {
  const { entry } = ref.table
  const columnAt = (position: number): ScopeColumn => ({
    name: entry.columns[position]!.name,
    expr: ref.columns[position]!,
    owner: ref.name,
  })
  const hidden = [...entry.columns.keys()].filter(i => entry.columns[i]!.hidden && !entry.columns[i]!.dropped)
  return { name: ref.name, columns: liveColumns(entry).map(columnAt), hidden: hidden.map(columnAt), ref }
}

/** Position of a live column of a table, by its name. */
export function requirePosition(ref: TableRef, name: string): number {
  const { entry } = ref.table
  const folded = foldName(name)
  const position = entry.columns.findIndex(column => !column.dropped && foldName(column.name) === folded)
  if (position >= 0) return position
  const names = entry.columns.filter(c => !c.dropped).map(c => c.name)
  throw queryError(`Table "${entry.name}" has no column "${name}".${didYouMean(name, names)}`, undefined, {
    table: entry.name,
    columnName: name,
  })
}
