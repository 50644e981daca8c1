/** Relations out of references: what a row refers to, and what refers to it. */
import type { Contract, RelationContract, TableContract } from '@sochdb/schema/contract'
import { isReservedInRow as isReserved } from './names.js'

type Tables = Contract['tables']
type Relations = Record<string, Record<string, RelationContract>>

/** Relations go by one column that holds a primary key of one. */
function single(tables: Tables, key: string, column: string): boolean {
  const { primaryKey } = tables[key]!
  return primaryKey.length === 1 && primaryKey[0] === column
}

/**
 * Adds those of the tables `of`, by their keys, to the ones there are.
 *
 * @example `posts.authorId` refers to `users.id`: a post has an `author`, a user has `posts`
 */
export function withReferences(tables: Tables, of: readonly string[], given: Contract['relations']): Relations {
  const relations: Relations = Object.fromEntries(Object.entries(given).map(([key, own]) => [key, { ...own }]))
  const add = (table: string, names: readonly string[], relation: RelationContract): void => {
    const own = (relations[table] ??= {})
    const isTaken = (name: string) => isReserved(name) || Object.hasOwn(own, name) || hasColumn(tables[table]!, name)
    const name = names.find(one => !isTaken(one))
    if (name !== undefined) own[name] = relation
  }
  for (const child of of) {
    const references = tables[child]!.columns.flatMap(({ name: column, references: to }) =>
      to !== undefined && single(tables, to.table, to.column) ? [{ column, table: to.table }] : [],
    )
    for (const { column, table } of references) {
      const stem = column.replace(/(?<=[a-z0-9])(Id|_id|ID)$/, '')
      add(child, [stem, `${column}Row`], { kind: 'one', table, column })
      const isOnly = references.filter(other => other.table === table).length === 1 && table !== child
      const by = `${child}By${stem.charAt(0).toUpperCase()}${stem.slice(1)}`
      add(table, isOnly ? [child, by] : [by], { kind: 'many', table: child, column })
    }
  }
  const sorted = <Value>(record: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
  const some = Object.entries(relations).filter(([, own]) => Object.keys(own).length > 0)
  return sorted(Object.fromEntries(some.map(([key, own]) => [key, sorted(own)])))
}

const hasColumn = ({ columns }: TableContract, name: string): boolean =>
  columns.some(column => column.name.toLowerCase() === name.toLowerCase())
