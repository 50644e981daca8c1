/** Tables: constraints go first and come last, so that rows move through tables that do not complain on the way. */
import type { ColumnContract, Contract, IndexContract, TableContract } from '../contract/contract.js'
import { canonicalJson } from '../core/json.js'
import { UnsupportedChangeError, type Steps } from './steps.js'
import type { StoreColumn, StoreForeignKey, StoreModel, StoreTable } from './model.js'
import { isComputed, rewrites } from './operations.js'

const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b)
const withoutName = ({ name: _, ...rest }: { readonly name: string }): object => rest

/** A table that stays: what it was, what it becomes, and what its columns are called. */
interface Pair {
  readonly before: StoreTable
  readonly after: StoreTable
  /** Former names of columns to new ones; those that are gone, or come back as something else, are not in it. */
  readonly names: ReadonlyMap<string, string>
  /** SQL texts name columns and the table: where a name changes they are made anew. */
  readonly remakesTexts: boolean
}

export function diffTables(steps: Steps, target: StoreModel, contract: Contract): void {
  const declared = new Map(Object.values(contract.tables).map(table => [table.name, table]))
  const pairs = pairTables(steps, target, declared)
  const kept = new Set(pairs.map(({ before }) => before.name))
  const gone = Object.values(steps.model.tables).filter(({ name }) => !kept.has(name))
  dropConstraints(steps, pairs, gone)
  for (const { name } of gone) {
    const table = steps.model.tables[name]!
    for (const key of table.foreignKeys) steps.push({ kind: 'dropForeignKey', table: name, key })
  }
  for (const { name } of gone) steps.push({ kind: 'dropTable', table: steps.model.tables[name]! })
  for (const pair of pairs) dropColumns(steps, pair)
  renameTables(steps, pairs)
  for (const pair of pairs) renameColumns(steps, pair)
  const stays = new Set(pairs.map(({ after }) => after.name))
  const fresh = Object.values(target.tables).filter(({ name }) => !stays.has(name))
  for (const table of fresh) steps.push({ kind: 'createTable', table: { ...table, foreignKeys: [] } })
  for (const pair of pairs) changeColumns(steps, pair)
  renameIndexes(steps, pairs)
  for (const { after } of pairs) addConstraints(steps, after)
  for (const after of [...pairs.map(pair => pair.after), ...fresh]) {
    const held = steps.model.tables[after.name]!.foreignKeys
    for (const key of after.foreignKeys) {
      if (!held.some(other => same(other, key))) steps.push({ kind: 'addForeignKey', table: after.name, key })
    }
  }
  for (const { before, after } of pairs) {
    const { name: table, indexPolicy } = after
    if (before.indexPolicy === indexPolicy) continue
    steps.push({ kind: 'setIndexPolicy', table, before: before.indexPolicy, after: indexPolicy })
  }
}

/** `renamedFrom` of a declaration that has one. */
const formerName = (declared: TableContract | ColumnContract | undefined): string | undefined =>
  (declared as { readonly renamedFrom?: string } | undefined)?.renamedFrom

function pairTables(steps: Steps, target: StoreModel, declared: ReadonlyMap<string, TableContract>): Pair[] {
  const before = Object.values(steps.model.tables)
  const taken = new Set(before.filter(({ name }) => target.tables[name] !== undefined).map(({ name }) => name))
  const free = Object.values(target.tables).filter(({ name }) => !taken.has(name))
  const hasLeft = before.filter(({ name }) => !taken.has(name))
  const pairs: Pair[] = []
  for (const old of before) {
    const same = target.tables[old.name]
    const after = same ?? renamedTable(steps, old, free, hasLeft, declared)
    if (after === undefined) continue
    const names = pairColumns(steps, old, after, declared.get(after.name)!)
    const changed = [...names].some(([from, to]) => from !== to) || old.name !== after.name
    pairs.push({ before: old, after, names, remakesTexts: changed || names.size < old.columns.length })
  }
  const twice = pairs.find(({ after }, i) => pairs.findIndex(other => other.after === after) !== i)
  if (twice) throw new UnsupportedChangeError(`Two tables would become "${twice.after.name}".`)
  return pairs
}

function renamedTable(
  steps: Steps,
  old: StoreTable,
  free: readonly StoreTable[],
  hasLeft: readonly StoreTable[],
  declared: ReadonlyMap<string, TableContract>,
): StoreTable | undefined {
  const hint = steps.renameOf('tables', old.name)
  if (hint === null) return undefined
  if (hint !== undefined) {
    const found = free.find(({ name }) => name === hint)
    if (found !== undefined) return found
    throw new UnsupportedChangeError(
      `The hints rename table "${old.name}" to "${hint}", and no new table has that name.`,
    )
  }
  const told = free.find(({ name }) => formerName(declared.get(name)) === old.name)
  if (told !== undefined) return told
  const candidates = free.filter(table => {
    const former = formerName(declared.get(table.name))
    if (former !== undefined && hasLeft.some(({ name }) => name === former)) return false
    const shared = old.columns.filter(column => table.columns.some(other => other.name === column.name)).length
    return shared * 2 >= old.columns.length
  })
  ask(steps, 'table', old.name, candidates)
  return undefined
}

function ask(
  steps: Steps,
  of: 'table' | 'column',
  name: string,
  candidates: readonly { readonly name: string }[],
): void {
  if (candidates.length === 0) return
  steps.questions.push({ kind: 'rename', of, name, candidates: candidates.map(candidate => candidate.name) })
}

function pairColumns(
  steps: Steps,
  before: StoreTable,
  after: StoreTable,
  declared: TableContract,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const pair = (from: StoreColumn, to: StoreColumn) => {
    taken.add(to.name)
    const convertible = canConvert(from, to) || steps.hints.using?.[`${after.name}.${to.name}`] !== undefined
    if (isComputed(from) !== isComputed(to)) return
    // What is computed is computed anew, unless nothing has changed.
    if (isComputed(from) ? from.name === to.name && same(from, to) : convertible) names.set(from.name, to.name)
  }
  const left: StoreColumn[] = []
  // A name that stays is the same column, unless another says that it was called so.
  const formers = new Map(declared.columns.map((column, i) => [formerName(column), after.columns[i]!]))
  const has = (name: string) => before.columns.some(column => column.name === name)
  for (const column of before.columns) {
    const hint = steps.renameOf('columns', `${before.name}.${column.name}`)
    if (hint === null) continue
    const told = hint ?? formers.get(column.name)?.name
    const to = told === undefined ? undefined : after.columns.find(({ name }) => name === told)
    if (hint !== undefined && to === undefined) {
      throw new UnsupportedChangeError(
        `The hints rename column "${column.name}" of "${before.name}" to "${hint}", and it will have no such column.`,
      )
    }
    // A hint of a rename that was made before, and that is still in the schema, says nothing.
    if (to !== undefined && (hint !== undefined || !has(to.name))) pair(column, to)
    else left.push(column)
  }
  const gone: StoreColumn[] = []
  for (const column of left) {
    const to = after.columns.find(({ name }) => name === column.name && !taken.has(name))
    if (to === undefined) gone.push(column)
    else pair(column, to)
  }
  const fresh = after.columns.filter(({ name }) => !taken.has(name))
  for (const column of gone) {
    if (isComputed(column)) continue
    const candidates = fresh.filter(other => other.type === column.type && !isComputed(other))
    ask(steps, 'column', `${before.name}.${column.name}`, candidates)
  }
  if (names.size > 0 && [...names].some(([from, to]) => from !== to)) return withoutStaleTexts(before, after, names)
  return names
}

/** Where names of columns change, columns that are computed from them come anew. */
function withoutStaleTexts(
  before: StoreTable,
  _after: StoreTable,
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const computed = new Set(before.columns.filter(isComputed).map(({ name }) => name))
  return new Map([...names].filter(([from]) => !computed.has(from)))
}

/** Whether values of the one can be values of the other at all; which of them are, the rows tell. */
function canConvert(from: StoreColumn, to: StoreColumn): boolean {
  if (from.type === to.type) return from.dimension === to.dimension
  return ![from.type, to.type].some(type => type === 'vector' || type === 'blob')
}

/** Whether anything about the column is other than before, its name apart. */
function changesColumn({ before, after, names }: Pair, name: string): boolean {
  const to = names.get(name)
  if (to === undefined) return true
  const a = before.columns.find(column => column.name === name)!
  const b = after.columns.find(column => column.name === to)!
  return rewrites(a, b)
}

function dropConstraints(steps: Steps, pairs: readonly Pair[], gone: readonly StoreTable[]): void {
  const byBefore = new Map(pairs.map(pair => [pair.before.name, pair]))
  const lost = new Set(gone.map(({ name }) => name))
  for (const pair of pairs) {
    for (const key of pair.before.foreignKeys) {
      if (lost.has(key.table) || !keepsForeignKey(pair, key, byBefore.get(key.table)!))
        steps.push({ kind: 'dropForeignKey', table: pair.before.name, key })
    }
  }
  for (const pair of pairs) {
    const { before, after, remakesTexts } = pair
    for (const check of before.checks) {
      if (remakesTexts || !after.checks.some(other => same(other, check)))
        steps.push({ kind: 'dropCheck', table: before.name, check })
    }
    for (const index of before.indexes) {
      if (heirOf(pair, index) === undefined) steps.push({ kind: 'dropIndex', table: before.name, index })
    }
  }
}

/** The foreign key as it is called afterwards. */
function renamedKey(pair: Pair, key: StoreForeignKey, parent: Pair): StoreForeignKey | undefined {
  const columns = key.columns.map(name => pair.names.get(name))
  const targetColumns = key.targetColumns.map(name => parent.names.get(name))
  if ([...columns, ...targetColumns].includes(undefined)) return undefined
  return {
    ...key,
    columns: columns as string[],
    table: parent.after.name,
    targetColumns: targetColumns as string[],
  }
}

function keepsForeignKey(pair: Pair, key: StoreForeignKey, parent: Pair): boolean {
  const renamed = renamedKey(pair, key, parent)
  if (renamed === undefined || !pair.after.foreignKeys.some(other => same(other, renamed))) return false
  if (key.columns.some(name => changesColumn(pair, name))) return false
  if (key.targetColumns.some(name => changesColumn(parent, name))) return false
  if (!same(renamedNames(parent, parent.before.primaryKey), parent.after.primaryKey)) return false
  // The index that keeps apart what it refers to.
  return parent.before.indexes.filter(({ unique }) => unique).every(index => heirOf(parent, index) !== undefined)
}

const renamedNames = ({ names }: Pair, columns: readonly string[]): (string | undefined)[] =>
  columns.map(name => names.get(name))

/** The index that this one becomes without being built anew: another name at most. */
function heirOf(pair: Pair, index: IndexContract): IndexContract | undefined {
  const parts = index.columns.map(part => ({ ...part, column: pair.names.get(part.column) }))
  if (parts.some(({ column }) => column === undefined)) return undefined
  if (pair.remakesTexts && Object.keys(index).some(member => !['name', 'columns', 'unique'].includes(member)))
    return undefined
  const renamed = { ...index, columns: parts }
  const heirs = pair.after.indexes.filter(other => same(withoutName(other), withoutName(renamed as IndexContract)))
  // Of several that are alike, one of the same name; else one that no other index of before is.
  const named = heirs.find(({ name }) => name === index.name)
  if (named !== undefined) return named
  const alike = pair.before.indexes.filter(
    other => same(withoutName(other), withoutName(index)) && !heirs.some(({ name }) => name === other.name),
  )
  const left = heirs.filter(({ name }) => !pair.before.indexes.some(other => other.name === name))
  return left[alike.indexOf(index)]
}

function dropColumns(steps: Steps, { before, after, names }: Pair): void {
  const gone = before.columns.filter(({ name }) => !names.has(name))
  for (const column of [...gone.filter(isComputed), ...gone.filter(one => !isComputed(one))]) {
    if (!before.primaryKey.includes(column.name)) steps.push({ kind: 'dropColumn', table: before.name, column })
    else if (after.columns.some(({ name }) => name === column.name)) {
      throw new UnsupportedChangeError(
        `Column "${column.name}" of "${before.name}" is part of the primary key, and its values cannot become what the schema wants. ` +
          `Say how under "using" in the hints, or give the new column another name.`,
      )
    }
  }
}

const PARKED = '__renaming_'

function renameTables(steps: Steps, pairs: readonly Pair[]): void {
  const moves = pairs.map(({ before, after }) => [before.name, after.name] as const)
  for (const [from, to] of ordered(moves)) steps.push({ kind: 'renameTable', from, to })
}

function renameColumns(steps: Steps, { after, names }: Pair): void {
  for (const [from, to] of ordered([...names])) steps.push({ kind: 'renameColumn', table: after.name, from, to })
}

/** Renames in an order in which no name is taken; names that change places do so by way of a third. */
function ordered(moves: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  const left = moves.filter(([from, to]) => from !== to).map(([from, to]) => ({ from, to }))
  const result: (readonly [string, string])[] = []
  while (left.length > 0) {
    const fold = (name: string) => name.toLowerCase()
    const ready = left.findIndex(move => !left.some(other => other !== move && fold(other.from) === fold(move.to)))
    if (ready >= 0) {
      const [{ from, to }] = left.splice(ready, 1) as [{ from: string; to: string }]
      result.push([from, to])
    } else {
      const [first] = left as [{ from: string; to: string }]
      const parked = `${PARKED}${first.from}`
      result.push([first.from, parked])
      first.from = parked
    }
  }
  return result
}

function changeColumns(steps: Steps, pair: Pair): void {
  const { before, after, names } = pair
  const stays = new Set(names.values())
  const fresh = after.columns.filter(({ name }) => !stays.has(name))
  for (const column of fresh.filter(one => !isComputed(one))) addColumn(steps, after.name, column)
  for (const [from, to] of names) {
    const held = { ...before.columns.find(({ name }) => name === from)!, name: to }
    const wanted = after.columns.find(({ name }) => name === to)!
    const using = steps.sqlFor('using', `${after.name}.${to}`)
    if (same(held, wanted) && using === undefined) continue
    steps.push({
      kind: 'changeColumn',
      table: after.name,
      before: held,
      after: wanted,
      ...(using === undefined ? {} : { using }),
    })
  }
  for (const column of fresh.filter(isComputed)) addColumn(steps, after.name, column)
  const { primaryKey } = steps.model.tables[after.name]!
  if (!same(primaryKey, after.primaryKey)) {
    steps.push({ kind: 'changePrimaryKey', table: after.name, before: primaryKey, after: after.primaryKey })
    for (const column of before.columns) {
      if (names.has(column.name) || !before.primaryKey.includes(column.name)) continue
      steps.push({ kind: 'dropColumn', table: after.name, column })
    }
  }
}

function addColumn(steps: Steps, table: string, column: StoreColumn): void {
  const fill = steps.sqlFor('fill', `${table}.${column.name}`)
  steps.push({ kind: 'addColumn', table, column, ...(fill === undefined ? {} : { fill }) })
}

function addConstraints(steps: Steps, after: StoreTable): void {
  const table = after.name
  const held = steps.model.tables[table]!
  for (const index of after.indexes) {
    if (!held.indexes.some(({ name }) => name === index.name)) steps.push({ kind: 'addIndex', table, index })
  }
  for (const check of after.checks) {
    if (!held.checks.some(({ name }) => name === check.name)) steps.push({ kind: 'addCheck', table, check })
  }
}

/** What is left of the former indexes is in the new tables, perhaps under another name. Those names are the store's, not a table's. */
function renameIndexes(steps: Steps, pairs: readonly Pair[]): void {
  const moves: (readonly [string, string])[] = []
  const tableOf = new Map<string, string>()
  for (const { after } of pairs) {
    const table = after.name
    const { indexes } = steps.model.tables[table]!
    const left = after.indexes.filter(({ name }) => !indexes.some(other => other.name === name))
    for (const index of indexes) {
      if (after.indexes.some(other => same(other, index))) continue
      const at = left.findIndex(other => same(withoutName(other), withoutName(index)))
      if (at < 0) {
        steps.push({ kind: 'dropIndex', table, index })
        continue
      }
      const [heir] = left.splice(at, 1)
      tableOf.set(index.name, table).set(`${PARKED}${index.name}`, table)
      moves.push([index.name, heir!.name])
    }
  }
  for (const [from, to] of ordered(moves)) steps.push({ kind: 'renameIndex', table: tableOf.get(from)!, from, to })
}
