/** What an operation makes of a model: the same that it makes of a store, without one. */
import { canonicalJson } from '../core/json.js'
import { byName, type StoreForeignKey, type StoreModel, type StoreTable } from './model.js'
import { describeOperation, type Operation } from './operations.js'

/** An operation that does not fit what it is applied to. */
export class OperationConflictError extends Error {
  override readonly name = 'OperationConflictError'

  constructor(
    readonly operation: Operation,
    readonly reason: string,
  ) {
    super(`Cannot ${describeOperation(operation)}: ${reason}`)
  }
}

/** @throws OperationConflictError when one of them does not fit */
export function applyOperations(model: StoreModel, operations: Iterable<Operation>): StoreModel {
  let result = model
  for (const operation of operations) result = applyOperation(result, operation)
  return result
}

/** @throws OperationConflictError when it does not fit the model */
export function applyOperation(model: StoreModel, operation: Operation): StoreModel {
  const refuse = (reason: string): never => {
    throw new OperationConflictError(operation, reason)
  }
  const change = (name: string, to: (table: StoreTable) => StoreTable): StoreModel => {
    const table = model.tables[name] ?? refuse(`there is no table "${name}".`)
    return { ...model, tables: { ...model.tables, [name]: to(table) } }
  }
  switch (operation.kind) {
    case 'createTable':
      return { ...model, tables: added(model.tables, operation.table, refuse) }
    case 'dropTable':
      return { ...model, tables: removed(model.tables, operation.table, refuse) }
    case 'renameTable':
      return renameTable(model, operation.from, operation.to, refuse)
    case 'addColumn':
      return change(operation.table, table => ({ ...table, columns: plus(table.columns, operation.column, refuse) }))
    case 'dropColumn':
      return change(operation.table, table => {
        if (table.primaryKey.includes(operation.column.name)) refuse('it is part of the primary key.')
        return { ...table, columns: minus(table.columns, operation.column, refuse) }
      })
    case 'renameColumn':
      return renameColumn(model, operation, refuse)
    case 'changeColumn':
      return change(operation.table, table => ({
        ...table,
        columns: plus(minus(table.columns, operation.before, refuse), operation.after, refuse),
      }))
    case 'changePrimaryKey':
      return change(operation.table, table => {
        if (!same(table.primaryKey, operation.before)) refuse(`it is (${table.primaryKey.join(', ')}).`)
        return { ...table, primaryKey: operation.after }
      })
    case 'addIndex':
      return change(operation.table, table => ({ ...table, indexes: plus(table.indexes, operation.index, refuse) }))
    case 'dropIndex':
      return change(operation.table, table => ({ ...table, indexes: minus(table.indexes, operation.index, refuse) }))
    case 'renameIndex':
      return change(operation.table, table => {
        const index = table.indexes.find(({ name }) => name === operation.from) ?? refuse('there is no such index.')
        return {
          ...table,
          indexes: plus(minus(table.indexes, index, refuse), { ...index, name: operation.to }, refuse),
        }
      })
    case 'addCheck':
      return change(operation.table, table => ({ ...table, checks: plus(table.checks, operation.check, refuse) }))
    case 'dropCheck':
      return change(operation.table, table => ({ ...table, checks: minus(table.checks, operation.check, refuse) }))
    case 'addForeignKey':
      return change(operation.table, table => {
        if (model.tables[operation.key.table] === undefined) refuse(`there is no table "${operation.key.table}".`)
        if (table.foreignKeys.some(key => sameColumns(key, operation.key))) refuse('there is one already.')
        return { ...table, foreignKeys: [...table.foreignKeys, operation.key] }
      })
    case 'dropForeignKey':
      return change(operation.table, table => {
        if (!table.foreignKeys.some(key => same(key, operation.key))) refuse('there is no such reference.')
        return { ...table, foreignKeys: table.foreignKeys.filter(key => !same(key, operation.key)) }
      })
    case 'setIndexPolicy':
      return change(operation.table, table => {
        if (table.indexPolicy !== operation.before) refuse(`its index policy is ${table.indexPolicy}.`)
        return { ...table, indexPolicy: operation.after }
      })
    case 'createCollection':
      return { ...model, collections: added(model.collections, operation.collection, refuse) }
    case 'dropCollection':
      return { ...model, collections: removed(model.collections, operation.collection, refuse) }
    case 'renameCollection': {
      const collection = model.collections[operation.from] ?? refuse('there is none of that name.')
      const rest = removed(model.collections, collection, refuse)
      return { ...model, collections: added(rest, { ...collection, name: operation.to }, refuse) }
    }
    case 'changeCollection': {
      const rest = removed(model.collections, operation.before, refuse)
      return { ...model, collections: added(rest, operation.after, refuse) }
    }
    case 'createCache':
      return { ...model, caches: added(model.caches, operation.cache, refuse) }
    case 'dropCache':
      return { ...model, caches: removed(model.caches, operation.cache, refuse) }
    case 'declare':
    case 'data':
      return model
  }
}

type Refuse = (reason: string) => never
interface Named {
  readonly name: string
}

const same = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b)
const sameColumns = (a: StoreForeignKey, b: StoreForeignKey): boolean =>
  same(a.columns, b.columns) && a.table === b.table && same(a.targetColumns, b.targetColumns)

function plus<Item extends Named>(items: readonly Item[], item: Item, refuse: Refuse): readonly Item[] {
  if (items.some(({ name }) => name.toLowerCase() === item.name.toLowerCase()))
    refuse(`"${item.name}" is there already.`)
  return [...items, item]
}

function minus<Item extends Named>(items: readonly Item[], item: Item, refuse: Refuse): readonly Item[] {
  const found = items.find(({ name }) => name === item.name) ?? refuse(`there is no "${item.name}".`)
  if (!same(found, item)) refuse(`"${item.name}" is another one by now.`)
  return items.filter(other => other !== found)
}

function added<Item extends Named>(
  items: Readonly<Record<string, Item>>,
  item: Item,
  refuse: Refuse,
): Readonly<Record<string, Item>> {
  return byName(plus(Object.values(items), item, refuse))
}

function removed<Item extends Named>(
  items: Readonly<Record<string, Item>>,
  item: Item,
  refuse: Refuse,
): Readonly<Record<string, Item>> {
  const found = items[item.name] ?? refuse(`there is no "${item.name}".`)
  if (!same(normalised(found), normalised(item))) refuse(`"${item.name}" is another one by now.`)
  return byName(Object.values(items).filter(other => other !== found))
}

/** Sets within a table in one order. */
function normalised(item: Named): unknown {
  return 'columns' in item && 'foreignKeys' in item ? normalTable(item as StoreTable) : item
}

const bySame = (a: unknown, b: unknown): number => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)

function normalTable(table: StoreTable): StoreTable {
  const { columns, indexes, checks, foreignKeys } = table
  return {
    ...table,
    columns: [...columns].sort(bySame),
    indexes: [...indexes].sort(bySame),
    checks: [...checks].sort(bySame),
    foreignKeys: [...foreignKeys].sort(bySame),
  }
}

/** Whether two models are the same store, in whatever order its parts stand. */
export function sameModel(a: StoreModel, b: StoreModel): boolean {
  return same(normalModel(a), normalModel(b))
}

function normalModel(model: StoreModel): StoreModel {
  return { ...model, tables: byName(Object.values(model.tables).map(normalTable)) }
}

function renameTable(model: StoreModel, from: string, to: string, refuse: Refuse): StoreModel {
  const table = model.tables[from] ?? refuse(`there is no table "${from}".`)
  const others = Object.values(model.tables).filter(other => other !== table)
  const tables = plus(others, { ...table, name: to }, refuse).map(other => ({
    ...other,
    foreignKeys: other.foreignKeys.map(key => (key.table === from ? { ...key, table: to } : key)),
  }))
  return { ...model, tables: byName(tables) }
}

function renameColumn(
  model: StoreModel,
  { table: name, from, to }: Extract<Operation, { kind: 'renameColumn' }>,
  refuse: Refuse,
): StoreModel {
  const table = model.tables[name] ?? refuse(`there is no table "${name}".`)
  const column = table.columns.find(other => other.name === from) ?? refuse(`there is no column "${from}".`)
  const renamed = (names: readonly string[]) => names.map(other => (other === from ? to : other))
  const changed: StoreTable = {
    ...table,
    columns: plus(minus(table.columns, column, refuse), { ...column, name: to }, refuse),
    primaryKey: renamed(table.primaryKey),
    indexes: table.indexes.map(index => ({
      ...index,
      columns: index.columns.map(part => (part.column === from ? { ...part, column: to } : part)),
    })),
    foreignKeys: table.foreignKeys.map(key => ({ ...key, columns: renamed(key.columns) })),
  }
  const tables = Object.values({ ...model.tables, [name]: changed }).map(other => ({
    ...other,
    foreignKeys: other.foreignKeys.map(key =>
      key.table === name ? { ...key, targetColumns: renamed(key.targetColumns) } : key,
    ),
  }))
  return { ...model, tables: byName(tables) }
}
