import { SqliteQueryCompiler } from 'kysely'
import type { CompiledQuery, OperationNode, QueryCompiler, RootOperationNode } from 'kysely'

export interface Printed {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Writes operation trees as SQL text. */
export interface Printer {
  print(node: RootOperationNode): Printed
}

const ANY_QUERY = { queryId: 'sochdb' } as const

/** The text of a tree: names in double quotes, `?` for values. */
export class SochdbQueryCompiler extends SqliteQueryCompiler implements Printer {
  print(node: RootOperationNode): Printed {
    return this.compileQuery(node, ANY_QUERY)
  }

  protected override visitDefaultInsertValue(_: OperationNode): void {
    this.append('default')
  }

  protected override getExplainOptionAssignment(): string {
    return '='
  }

  protected override getExplainOptionsDelimiter(): string {
    return ' '
  }
}

/**
 * Hands the operation tree through, and writes SQL text only when someone asks for it: the driver runs the tree, so most
 * queries never need the text.
 */
export class LazyQueryCompiler implements QueryCompiler {
  readonly #printer: QueryCompiler

  constructor(printer: QueryCompiler = new SochdbQueryCompiler()) {
    this.#printer = printer
  }

  compileQuery(node: RootOperationNode, queryId: CompiledQuery['queryId']): CompiledQuery {
    return new LazyCompiledQuery(node, queryId, this.#printer)
  }
}

/** Getters on the prototype: an object with own accessors would cost more than the text. */
export class LazyCompiledQuery implements CompiledQuery {
  readonly query: RootOperationNode
  readonly queryId: CompiledQuery['queryId']
  readonly #printer: QueryCompiler
  #printed: CompiledQuery | undefined
  #made: object | undefined

  constructor(query: RootOperationNode, queryId: CompiledQuery['queryId'], printer: QueryCompiler) {
    this.query = query
    this.queryId = queryId
    this.#printer = printer
  }

  /** What the driver makes of it, made once. */
  once<T extends object>(make: () => T): T {
    return (this.#made ??= make()) as T
  }

  get sql(): string {
    return this.#print().sql
  }

  get parameters(): readonly unknown[] {
    return this.#print().parameters
  }

  #print(): CompiledQuery {
    return (this.#printed ??= this.#printer.compileQuery(this.query, this.queryId))
  }
}
