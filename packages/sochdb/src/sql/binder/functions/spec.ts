/** What the tables of functions say of each; native/exec/functions/function.h explains numbers and signatures. */
export interface FunctionSpec {
  /** Stands in plans: none is ever used for another function. */
  readonly number: number
  /** Letters for the arguments, `:`, the result: as in the table of the executor. */
  readonly signature: string
  /** Other names, of other dialects. */
  readonly aliases?: readonly string[]
  /** Another value for every row. */
  readonly volatile?: true
}

export type FunctionTable = Readonly<Record<string, FunctionSpec>>
