/** Checks, asked of the rows. */
import type { Check, StoreModel } from '@sochdb/schema/diff'
import type { Transaction } from '../database/index.js'
import type { MigrationError } from '../errors/index.js'
import { quoteName } from '../sql/ast/quote.js'
import { refusal } from './problem.js'

/** What a check after an operation compares with, taken before it. */
export type Counts = Map<Check, number>

export function countBefore(transaction: Transaction, checks: readonly Check[]): Counts {
  const counts: Counts = new Map()
  for (const check of checks) {
    if (check.kind === 'rowsKept') counts.set(check, rowsOf(transaction, check.before))
    else if (check.kind === 'documentsKept') counts.set(check, transaction.collection(check.before).count())
  }
  return counts
}

/** @throws MigrationError: how many rows stand in the way, and what to do */
export function runChecks(
  transaction: Transaction,
  model: StoreModel,
  checks: readonly Check[],
  counts: Counts = new Map(),
): void {
  for (const check of checks) {
    const error = problemOf(transaction, model, check, counts.get(check))
    if (error !== undefined) throw error
  }
}

function problemOf(
  transaction: Transaction,
  model: StoreModel,
  check: Check,
  before: number | undefined,
): MigrationError | undefined {
  const count = (query: string): number =>
    Number(transaction.execute(`select count(*) as n from ${query}`).rows[0]!['n'])
  const failed = (message: string, remediation: string): MigrationError =>
    refusal('check', message, remediation, { check })
  switch (check.kind) {
    case 'tableEmpty': {
      const rows = count(quoteName(check.table))
      if (rows === 0) return undefined
      return failed(
        `Column "${check.column}" takes no NULL and has no default, and table "${check.table}" has ${named(rows)}.`,
        `Give the column a default, make it nullable, or say what it is for those rows: { "fill": { "${check.table}.${check.column}": "…" } } in the hints of \`migrate dev\`.`,
      )
    }
    case 'noNulls': {
      const rows = count(`${quoteName(check.table)} where ${quoteName(check.column)} is null`)
      if (rows === 0) return undefined
      return failed(
        `"${check.table}"."${check.column}" is to take no NULL, and is NULL in ${named(rows)}.`,
        'Give those rows a value first.',
      )
    }
    case 'onlyValues': {
      const values = check.values.map(value => `'${value.replaceAll("'", "''")}'`).join(', ')
      const rows = count(`${quoteName(check.table)} where ${quoteName(check.column)} not in (${values})`)
      if (rows === 0) return undefined
      return failed(
        `"${check.table}"."${check.column}" is to be one of ${values}, and is something else in ${named(rows)}.`,
        'Change those rows first.',
      )
    }
    case 'convertible': {
      const rows = count(`${quoteName(check.table)} where ${lostIn(model, check)}`)
      if (rows === 0) return undefined
      return failed(
        `"${check.table}"."${check.column}" is to be of type ${check.type}, and ${named(rows)} hold${rows === 1 ? 's' : ''} values that would not survive it.`,
        `Say what becomes of them: { "using": { "${check.table}.${check.column}": "…" } } in the hints of \`migrate dev\`.`,
      )
    }
    case 'noDuplicates': {
      const columns = check.columns.map(quoteName)
      const set = columns.map(column => `${column} is not null`).join(' and ')
      const where = check.where === undefined ? set : `${set} and (${check.where})`
      const groups = count(
        `(select 1 from ${quoteName(check.table)} where ${where} group by ${columns.join(', ')} having count(*) > 1) g`,
      )
      if (groups === 0) return undefined
      return failed(
        `(${check.columns.join(', ')}) of "${check.table}" is to be unique, and ${String(groups)} value${groups === 1 ? ' is' : 's are'} there more than once.`,
        'Change or delete the rows that are too many first.',
      )
    }
    case 'rowsSatisfy': {
      const rows = count(`${quoteName(check.table)} where not (${check.expression})`)
      if (rows === 0) return undefined
      return failed(
        `The check "${check.name}" of "${check.table}" (${check.expression}) is false for ${named(rows)}.`,
        'Change those rows first, or the check.',
      )
    }
    case 'noOrphans': {
      const on = check.columns.map((column, i) => `c.${quoteName(column)} = p.${quoteName(check.targetColumns[i]!)}`)
      const set = check.columns.map(column => `c.${quoteName(column)} is not null`)
      const missing = `p.${quoteName(check.targetColumns[0]!)} is null`
      const rows = count(
        `${quoteName(check.table)} c left join ${quoteName(check.target)} p on ${on.join(' and ')} where ${set.join(' and ')} and ${missing}`,
      )
      if (rows === 0) return undefined
      return failed(
        `(${check.columns.join(', ')}) of "${check.table}" is to refer to "${check.target}", and ${named(rows)} name${rows === 1 ? 's' : ''} what is not there.`,
        'Change those rows first.',
      )
    }
    case 'rowsKept': {
      const rows = rowsOf(transaction, check.table)
      if (rows === before) return undefined
      return failed(`Table "${check.table}" had ${String(before)} rows, and has ${String(rows)}.`, 'Please report it.')
    }
    case 'documentsKept': {
      const documents = transaction.collection(check.collection).count()
      if (documents === before) return undefined
      const text = `Collection "${check.collection}" had ${String(before)} documents, and has ${String(documents)}.`
      return failed(text, 'Please report it.')
    }
  }
}

const named = (rows: number): string => (rows === 1 ? '1 row' : `${String(rows)} rows`)

const rowsOf = (transaction: Transaction, table: string): number =>
  Number(transaction.execute(`select count(*) as n from ${quoteName(table)}`).rows[0]!['n'])

/** Whether a value would not come back as it was. */
function lostIn(model: StoreModel, { table, column, type }: Extract<Check, { kind: 'convertible' }>): string {
  const name = quoteName(column)
  const from = model.tables[table]!.columns.find(other => other.name === column)!.type
  if (type === 'text' || type === 'json') return 'false'
  if (from === 'text') return `${name} is not null and try_cast(${name} as ${type}) is null`
  return `${name} is not null and cast(try_cast(${name} as ${type}) as ${from}) is distinct from ${name}`
}
