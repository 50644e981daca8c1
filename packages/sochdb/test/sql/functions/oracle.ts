/** Function calls here and in SQLite: syntax trees of calls, run against both. */
import sqlite from 'node-sqlite3-wasm'

import type { Database } from '../../../src/index.js'
import type { Expression } from '../../../src/sql/ast/nodes.js'
import { executeStatement } from '../../../src/sql/session.js'
import { select } from '../support.js'

export type Peer = InstanceType<typeof sqlite.Database>

export const openPeer = (): Peer => new sqlite.Database(':memory:')

export type Argument = null | number | bigint | string | Uint8Array | boolean

/** The value of an expression here. */
export function valueOf(db: Database, expression: Expression, values: readonly unknown[] = []): unknown {
  const statement = select({ columns: [{ kind: 'expression', expression, alias: 'x' }] })
  return Object.values(executeStatement(db, statement, values).rows[0]!)[0]
}

/** In one shape for both: SQLite has no booleans, and bigints stand for integers of any size. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return Number(value)
  if (Object.is(value, -0)) return 0
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
  return value
}

export const sqlOf = (value: Argument): string => {
  if (value === null) return 'null'
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  return String(value)
}

export function theirValue(peer: Peer, sql: string): unknown {
  return peer.get(`select ${sql} as x`)!['x']
}

/** All combinations of one value of each list. */
export function* product(...lists: readonly (readonly Argument[])[]): Generator<Argument[]> {
  const [first, ...rest] = lists
  if (!first) yield []
  else for (const value of first) for (const tail of product(...rest)) yield [value, ...tail]
}

/** Numbers to 14 digits: libraries of mathematics differ in the last ones. */
export function near(value: unknown): unknown {
  return typeof value === 'number' && Number.isFinite(value) ? Number(value.toPrecision(14)) : value
}
