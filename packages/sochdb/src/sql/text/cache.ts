/** Texts that were parsed: each is read once, and keeps its plan at hand. Bounded in number and in characters. */
import { describe } from '../../bytes/bytes.js'
import type { DataStatement, Statement } from '../ast/nodes.js'
import { parseStatement } from '../parser/index.js'
import type { Dialect, Parsed } from '../parser/index.js'
import { PlanCache } from '../plan/cache.js'
import { invalid } from '../problem.js'
import { PreparedStatement } from '../session.js'

const TEXTS_MAX = 1000
const CHARACTERS_MAX = 4 * 1024 * 1024

/** Whether a statement reads or writes rows, so that it has a plan. */
export function isData(statement: Statement): statement is DataStatement {
  switch (statement.kind) {
    case 'select':
    case 'values':
    case 'setOperation':
    case 'insert':
    case 'update':
    case 'delete':
      return true
    default:
      return false
  }
}

/** A statement that was given as text. */
export class SqlText {
  readonly parsed: Parsed
  readonly dialect: Dialect
  /** All that was passed, of which the statement may be a part: what its offsets are counted in. */
  readonly source: string | undefined
  /** See {@link isData}. */
  readonly isData: boolean
  /** EXPLAIN ANALYZE: it has a plan, and gives something else than its rows. */
  readonly analyzes: boolean
  #prepared: PreparedStatement | undefined

  constructor(parsed: Parsed, dialect: Dialect, source?: string) {
    this.parsed = parsed
    this.dialect = dialect
    this.source = source
    this.isData = isData(parsed.statement)
    this.analyzes = parsed.statement.kind === 'explain' && parsed.statement.analyze
  }

  /** Of a statement that has a plan. */
  get prepared(): PreparedStatement {
    return (this.#prepared ??= new PreparedStatement(this.parsed.statement, this.dialect, this.source))
  }
}

/** A tree that was made without text, as what runs texts takes it. */
export function textOfTree(statement: Statement): SqlText {
  return new SqlText({ statement, parameterCount: 0, parameterNames: [], text: '', offset: 0 }, 'auto')
}

const caches = new Map<Dialect, PlanCache<SqlText>>()

/**
 * @throws QuerySyntaxError when it does not parse
 * @throws ValidationError for what is no text
 */
export function sqlText(sql: string, dialect: Dialect = 'auto'): SqlText {
  let cache = caches.get(dialect)
  if (!cache) caches.set(dialect, (cache = new PlanCache(TEXTS_MAX, CHARACTERS_MAX)))
  const held = cache.get(sql)
  if (held) return held
  if (typeof sql !== 'string') throw invalid(`A statement is text; this is ${describe(sql)}.`)
  const text = new SqlText(parseStatement(sql, { dialect }), dialect, sql)
  cache.set(sql, text, sql.length)
  return text
}
