/** PRAGMA, SHOW and DESCRIBE: what tools ask a database about its schema. */
import { isTransaction } from '../../engine/transaction.js'
import type { PragmaStatement, ShowStatement } from '../ast/nodes.js'
import { actionText, createTableText, foldName, typeText } from '../catalog/index.js'
import type { IndexSchema, TableSchema } from '../catalog/index.js'
import type { ResultColumn } from '../plan/compile.js'
import { queryError } from '../problem.js'
import { databaseOf } from '../result/index.js'
import type { StatementTarget } from '../session.js'
import type { Row } from '../result/index.js'
import type { SqlType } from '../types.js'
import type { Outcome } from './execute.js'
import { allSchemas, getTableSchema } from './tables.js'

type Answer = (target: StatementTarget, argument: string) => Row[]

interface Question {
  readonly columns: Readonly<Record<string, SqlType>>
  readonly answer: Answer
}

const tableInfo: Question = {
  columns: { cid: 'integer', name: 'text', type: 'text', notnull: 'integer', dflt_value: 'text', pk: 'integer' },
  answer: (target, name) => {
    const table = find(target, name)
    return (table?.columns ?? []).map((column, cid) => ({
      cid,
      name: column.name,
      type: typeText(column),
      notnull: column.nullable ? 0 : 1,
      dflt_value: column.default ?? null,
      pk: table!.primaryKey.indexOf(column.name) + 1,
    }))
  },
}

const indexInfo: Question = {
  columns: { seqno: 'integer', cid: 'integer', name: 'text', desc: 'integer' },
  answer: (target, name) => {
    for (const table of allSchemas(target)) {
      const index = table.indexes.find(i => foldName(i.name) === foldName(name))
      if (!index) continue
      return index.columns.map((column, seqno) => ({
        seqno,
        cid: table.columns.findIndex(c => c.name === column.name),
        name: column.name,
        desc: column.descending ? 1 : 0,
      }))
    }
    return []
  },
}

/** Of one value, always the same. */
const constant = (name: string, type: SqlType, value: unknown): Question => ({
  columns: { [name]: type },
  answer: () => [{ [name]: value }],
})

/** By the names that SQLite gives them. */
const pragmas: Readonly<Record<string, Question>> = {
  table_info: tableInfo,
  table_xinfo: {
    columns: { ...tableInfo.columns, hidden: 'integer' },
    answer: (target, name) => tableInfo.answer(target, name).map(row => ({ ...row, hidden: 0 })),
  },
  table_list: {
    columns: { schema: 'text', name: 'text', type: 'text', ncol: 'integer', wr: 'integer', strict: 'integer' },
    answer: target =>
      allSchemas(target).map(({ name, columns }) => ({
        schema: 'main',
        name,
        type: 'table',
        ncol: columns.length,
        wr: 1,
        strict: 1,
      })),
  },
  index_list: {
    columns: { seq: 'integer', name: 'text', unique: 'integer', origin: 'text', partial: 'integer' },
    answer: (target, name) =>
      (find(target, name)?.indexes ?? []).map((index, seq) => ({
        seq,
        name: index.name,
        unique: index.unique ? 1 : 0,
        origin: 'c',
        partial: 0,
      })),
  },
  index_info: {
    columns: { seqno: 'integer', cid: 'integer', name: 'text' },
    answer: (target, name) => indexInfo.answer(target, name).map(({ desc: _, ...row }) => row),
  },
  index_xinfo: indexInfo,
  database_list: {
    columns: { seq: 'integer', name: 'text', file: 'text' },
    answer: target => [{ seq: 0, name: 'main', file: isTransaction(target) ? '' : databaseOf(target).path }],
  },
  foreign_key_list: {
    columns: {
      id: 'integer',
      seq: 'integer',
      table: 'text',
      from: 'text',
      to: 'text',
      on_update: 'text',
      on_delete: 'text',
      match: 'text',
    },
    answer: (target, name) =>
      (find(target, name)?.foreignKeys ?? []).flatMap((key, id) =>
        key.columns.map((from, seq) => ({
          id,
          seq,
          table: key.table,
          from,
          to: key.targetColumns[seq] ?? null,
          on_update: actionText(key.onUpdate),
          on_delete: actionText(key.onDelete),
          match: 'NONE',
        })),
      ),
  },
  foreign_keys: constant('foreign_keys', 'integer', 1),
  journal_mode: constant('journal_mode', 'text', 'wal'),
  encoding: constant('encoding', 'text', 'UTF-8'),
  integrity_check: {
    columns: { integrity_check: 'text' },
    answer: target => [
      { integrity_check: isTransaction(target) || databaseOf(target).verify().isValid ? 'ok' : 'damaged' },
    ],
  },
}

/** What is not known yields no rows, as in SQLite: tools set what we have no use for. */
export function runPragma(target: StatementTarget, statement: PragmaStatement): Outcome {
  const name = statement.name.toLowerCase()
  const question = Object.hasOwn(pragmas, name) ? pragmas[name] : undefined
  if (!question) return outcome({}, [])
  return outcome(question.columns, question.answer(target, String(statement.argument ?? '')))
}

export function runShow(target: StatementTarget, statement: ShowStatement): Outcome {
  switch (statement.what) {
    case 'tables':
      return outcome(
        { name: 'text' },
        allSchemas(target).map(({ name }) => ({ name })),
      )
    case 'columns':
      return showColumns(getTableSchema(target, nameOf(statement)))
    case 'indexes':
      return showIndexes(getTableSchema(target, nameOf(statement)).indexes)
    case 'createTable':
      return showCreateTable(getTableSchema(target, nameOf(statement)))
    case 'variable':
      return outcome({ [statement.name ?? 'value']: 'text' }, [])
  }
}

function nameOf(statement: ShowStatement): string {
  if (statement.name === undefined) throw queryError('The statement names no table.')
  return statement.name
}

function showColumns(table: TableSchema): Outcome {
  const rows = table.columns.map(column => ({
    Field: column.name,
    Type: typeText(column).toLowerCase(),
    Null: column.nullable ? 'YES' : 'NO',
    Key: table.primaryKey.includes(column.name) ? 'PRI' : '',
    Default: column.default ?? null,
    Extra: '',
  }))
  return outcome({ Field: 'text', Type: 'text', Null: 'text', Key: 'text', Default: 'text', Extra: 'text' }, rows)
}

function showIndexes(indexes: readonly IndexSchema[]): Outcome {
  const rows = indexes.flatMap(index =>
    index.columns.map((column, i) => ({
      Table: index.table,
      Non_unique: index.unique ? 0 : 1,
      Key_name: index.name,
      Seq_in_index: i + 1,
      Column_name: column.name,
      Collation: column.descending ? 'D' : 'A',
    })),
  )
  const columns: Record<string, SqlType> = {
    Table: 'text',
    Non_unique: 'integer',
    Key_name: 'text',
    Seq_in_index: 'integer',
    Column_name: 'text',
    Collation: 'text',
  }
  return outcome(columns, rows)
}

function showCreateTable(table: TableSchema): Outcome {
  const sql = createTableText(table)
  return outcome({ Table: 'text', 'Create Table': 'text' }, [{ Table: table.name, 'Create Table': sql }])
}

function find(target: StatementTarget, name: string): TableSchema | undefined {
  const folded = foldName(name)
  return allSchemas(target).find(table => foldName(table.name) === folded)
}

function outcome(columns: Readonly<Record<string, SqlType>>, rows: Row[]): Outcome {
  const described = Object.entries(columns).map(([name, type]): ResultColumn => ({ name, type, nullable: true }))
  return { columns: described, rows, rowsAffected: 0 }
}
