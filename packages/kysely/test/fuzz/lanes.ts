/** One script in three databases: by the tree lane, by the text lane, and in SQLite. */
import { createQueryId, Kysely, type CompiledQuery, type RootOperationNode } from 'kysely'
import { Database } from 'sochdb'
import { SochdbDialect } from '@sochdb/kysely'
import sqlite from 'node-sqlite3-wasm'
import { compare, refusal, view, type Difference, type Outcome } from '../../../sochdb/test/sql/fuzz/outcome.js'
import { lower } from '../../src/lowering/lower.js'
import { SochdbQueryCompiler } from '../../src/query-compiler.js'
import { textDialect } from '../conformance/fixture.js'
import { sqliteDialect } from '../fixture.js'

/** A statement of SQL, or the tree of a query, and whether its rows have an order. */
export type Step = string | { readonly query: RootOperationNode; readonly ordered: boolean }

/** How many queries there were, how many of them run as trees, and to how many SQLite gave rows. */
export const counts = { queries: 0, trees: 0, answered: 0 }

const printer = new SochdbQueryCompiler()

type Lane = Kysely<Record<string, object>>

export class Lanes {
  readonly #databases = [Database.open(':memory:'), Database.open(':memory:')] as const
  readonly #peer = new sqlite.Database(':memory:')
  readonly #tree: Lane = new Kysely({ dialect: new SochdbDialect({ database: this.#databases[0] }) })
  readonly #text: Lane = new Kysely({ dialect: textDialect(this.#databases[1]) })
  readonly #sqlite: Lane = new Kysely({ dialect: sqliteDialect(this.#peer) })

  constructor() {
    this.#peer.exec('pragma foreign_keys = on')
  }

  close(): void {
    for (const database of this.#databases) database.close()
    this.#peer.close()
  }

  /** Runs a step in all; what differs, if anything does. */
  async run(step: Step): Promise<Difference | undefined> {
    if (typeof step === 'string') return this.#create(step)
    const { query, ordered } = step
    counts.queries++
    if (lower(query, printer) !== undefined) counts.trees++
    if (query.kind === 'UpdateQueryNode' && (await this.#isRefused(query))) return undefined
    const theirs = await outcome(this.#sqlite, query, ordered)
    if ('rows' in theirs) counts.answered++
    for (const [name, lane] of [
      ['tree', this.#tree],
      ['text', this.#text],
    ] as const) {
      const found = compare(name, await outcome(lane, query, ordered), theirs)
      if (found !== undefined) return found
    }
    return query.kind === 'SelectQueryNode' ? undefined : this.#state()
  }

  #create(sql: string): undefined {
    for (const database of this.#databases) database.execute(sql)
    this.#peer.exec(sql)
  }

  /** SQLite looks at unique keys row by row, we when all rows of an UPDATE are written: what it refuses may be taken here. */
  async #isRefused(query: RootOperationNode): Promise<boolean> {
    this.#peer.exec('savepoint tried')
    const tried = await outcome(this.#sqlite, query, false)
    this.#peer.exec('rollback to tried')
    this.#peer.exec('release tried')
    return 'refused' in tried
  }

  /** The rows of every table. */
  #state(): Difference | undefined {
    const names = this.#peer.all("select name from sqlite_schema where type = 'table' order by name")
    for (const { name } of names as { name: string }[]) {
      const sql = `select * from ${name}`
      const theirs: Outcome = { rows: view(this.#peer.all(sql) as object[], false) }
      for (const database of this.#databases) {
        const found = compare('state', { rows: view(database.execute<object>(sql).rows, false) }, theirs)
        if (found !== undefined) return found
      }
    }
    return undefined
  }
}

/** Rows, and how many were written. */
async function outcome(lane: Lane, query: RootOperationNode, ordered: boolean): Promise<Outcome> {
  try {
    const compiled: CompiledQuery<object> = lane.getExecutor().compileQuery(query, createQueryId())
    const { rows, numAffectedRows } = await lane.executeQuery(compiled)
    const lines = view(rows, ordered)
    return { rows: query.kind === 'SelectQueryNode' ? lines : [...lines, String(numAffectedRows)] }
  } catch (error) {
    return refusal(error)
  }
}

/** For messages: what a step is as SQL. */
export function textOfStep(step: Step): string {
  if (typeof step === 'string') return step
  const { sql, parameters } = printer.print(step.query)
  return parameters.length === 0 ? sql : `${sql} -- ? ${JSON.stringify(parameters)}`
}
