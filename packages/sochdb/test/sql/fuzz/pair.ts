/** One script in both databases, step by step: what comes back has to be the same, whatever way it is asked for. */
import sqlite from 'node-sqlite3-wasm'
import { Database } from '../../../src/index.js'
import type { Transaction } from '../../../src/index.js'
import { DEFAULT_NAMESPACE_ID } from '../../../src/engine/index.js'
import { catalogSnapshot } from '../../../src/sql/catalog/index.js'
import { parseStatement } from '../../../src/sql/parser/index.js'
import { compile } from '../../../src/sql/plan/compile.js'
import { typesOfValues } from '../../../src/sql/plan/parameters.js'
import { NativeStatement } from '../../../src/sql/result/index.js'
import { catalogStore } from '../../../src/sql/session.js'
import type { Statement } from '../../../src/sql/ast/nodes.js'
import { compare, outcome, refusal, view } from './outcome.js'
import type { Difference, Outcome } from './outcome.js'
import type { Step } from './queries.js'

interface Undone {
  readonly whole: Step
  readonly result: Outcome
  readonly table: Outcome
}

export const isRead = (sql: string): boolean => /^(select|with|values)\b/i.test(sql)
const isOrdered = (sql: string): boolean => {
  let depth = 0
  for (const [word] of sql.matchAll(/'(?:[^']|'')*'|[()]|order by/gi)) {
    if (word === '(') depth++
    else if (word === ')') depth--
    else if (depth === 0 && word.toLowerCase() === 'order by') return true
  }
  return false
}

export class Pair {
  readonly #db = Database.open(':memory:')
  readonly #peer = new sqlite.Database(':memory:')
  #transaction: Transaction | undefined

  constructor() {
    this.#peer.exec('pragma foreign_keys = on')
  }

  close(): void {
    this.#transaction?.abort()
    this.#db.close()
    this.#peer.close()
  }

  get #target(): Database | Transaction {
    return this.#transaction ?? this.#db
  }

  /** Runs a step in both; what differs, if anything does. `undefined` also where SQLite refuses it as we do. */
  async run(step: Step): Promise<Difference | undefined> {
    const word = step.sql.toLowerCase()
    if (word === 'begin' || word === 'commit' || word === 'rollback') return this.#control(word)
    if (word.startsWith('-- partition ')) return this.#partition(step)
    const ordered = isOrdered(step.sql)
    if (/^update /i.test(step.sql) && this.#isRefused(step)) return undefined
    const undone = this.#undone(step)
    const ours = this.#ours(step, ordered)
    const found = compare('result', ours, this.#theirs(step, ordered)) ?? this.#compareUndone(undone, ours)
    if (found || !isRead(step.sql)) return found
    for (const [kind, way] of this.#otherWays(step, ordered)) {
      const difference = compare(kind, await way(), ours)
      if (difference) return difference
    }
    return undefined
  }

  /**
   * SQLite looks at unique keys row by row, we when all rows of an UPDATE are written: what it refuses may be taken here, so that
   * neither keeps anything of it.
   */
  #isRefused(step: Step): boolean {
    this.#peer.exec('savepoint tried')
    const tried = this.#theirs(step, false)
    this.#peer.exec('rollback to tried')
    this.#peer.exec('release tried')
    return 'refused' in tried
  }

  /** The rows of every table. */
  state(): Difference | undefined {
    const names = this.#peer.all("select name from sqlite_schema where type = 'table' order by name")
    for (const { name } of names as { name: string }[]) {
      const step = { sql: `select * from ${name}`, values: [] }
      const found = compare(`state of ${name}`, this.#ours(step, false), this.#theirs(step, false))
      if (found) return found
    }
    return undefined
  }

  #control(word: 'begin' | 'commit' | 'rollback'): Difference | undefined {
    const ours = outcome(() => {
      if (word === 'begin') this.#transaction = this.#db.beginTransaction()
      else {
        const transaction = this.#transaction
        this.#transaction = undefined
        if (word === 'commit') transaction?.commit()
        else transaction?.abort()
      }
      return []
    })
    const theirs = outcome(() => {
      if (word !== 'begin' && !this.#peer.inTransaction) return []
      this.#peer.exec(word)
      return []
    })
    // A commit that fails ends our transactions.
    if (word === 'commit' && this.#peer.inTransaction) this.#peer.exec('rollback')
    return compare(word, ours, theirs)
  }

  #ours({ sql, values }: Step, ordered: boolean): Outcome {
    return outcome(() => {
      const { rows } = this.#target.execute(sql, values, { dialect: 'sqlite' })
      return view(rows as object[], ordered)
    })
  }

  #theirs({ sql, values }: Step, ordered: boolean): Outcome {
    return outcome(() => view(this.#peer.all(sql, [...values]) as object[], ordered))
  }

  /** By a plan that was not optimized: it scans whole tables, and joins by loops. */
  #unoptimized({ sql, values }: Step): NativeStatement {
    const statement = parseStatement(sql, { dialect: 'sqlite' }).statement as Statement
    const catalog = catalogSnapshot(catalogStore(this.#target), DEFAULT_NAMESPACE_ID, 0n)
    const options = { optimize: false, dialect: 'sqlite' } as const
    const first = compile(statement, catalog, options)
    const types = typesOfValues(first.flexible, values)
    const plan = types ? compile(statement, catalog, { ...options, parameterTypes: types }) : first
    const columns = plan.columns.map(column => (column.type === 'boolean' ? { ...column, asNumber: true } : column))
    return new NativeStatement({ ...plan, columns })
  }

  /** The same query asked for in other ways. */
  #otherWays(step: Step, ordered: boolean): [string, () => Outcome | Promise<Outcome>][] {
    const ways: [string, () => Outcome | Promise<Outcome>][] = [
      [
        'without optimizer',
        () => outcome(() => view(this.#unoptimized(step).all(this.#target, this.#db, step.values), ordered)),
      ],
      [
        'prepared',
        () =>
          outcome(() => {
            const prepared = this.#target.prepare(step.sql, { dialect: 'sqlite' })
            prepared.execute(step.values)
            return view([...prepared.iterate(step.values)] as object[], ordered)
          }),
      ],
    ]
    if (this.#transaction) return ways
    const asked = async (): Promise<Outcome> => {
      try {
        const { rows } = await this.#db.async.execute(step.sql, step.values, { dialect: 'sqlite' })
        return { rows: view(rows as object[], ordered) }
      } catch (error) {
        return refusal(error)
      }
    }
    return [...ways, ['by promise', asked]]
  }

  /** A write by a plan that was not optimized, and the table behind it; all of it undone. */
  #undone(step: Step): Undone | undefined {
    const table = /^(?:insert.*? into|update|delete from) (\w+)/.exec(step.sql)?.[1]
    if (this.#transaction || table === undefined) return undefined
    const whole = { sql: `select * from ${table}`, values: [] }
    this.#transaction = this.#db.beginTransaction()
    try {
      const result = outcome(() =>
        view(this.#unoptimized(step).execute(this.#target, this.#db, step.values).rows, false),
      )
      return { whole, result, table: this.#ours(whole, false) }
    } finally {
      this.#transaction.abort()
      this.#transaction = undefined
    }
  }

  /** What was undone went as far as the last statement: what the commit would have refused, it did not. */
  #compareUndone(undone: Undone | undefined, ours: Outcome): Difference | undefined {
    if (!undone || 'refused' in ours) return undefined
    return (
      compare('write without optimizer', undone.result, { rows: [...ours.rows].sort() }) ??
      compare('table without optimizer', undone.table, this.#ours(undone.whole, false))
    )
  }

  #partition({ sql, values }: Step): Difference | undefined {
    const { query, condition } = JSON.parse(sql.slice('-- partition '.length)) as { query: string; condition: string }
    const parts = [`(${condition})`, `not (${condition})`, `(${condition}) is null`]
    const text = (where: string) => ({ sql: `${query} where ${where}`, values })
    const whole = this.#ours({ sql: query, values: [] }, false)
    const pieces = parts.map(part => this.#ours(text(part), false))
    const refused = [whole, ...pieces].find(each => 'refused' in each)
    const both = refused ?? { rows: pieces.flatMap(each => ('rows' in each ? each.rows : [])).sort() }
    return compare('partition', both, whole)
  }
}
