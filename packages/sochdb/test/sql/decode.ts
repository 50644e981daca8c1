/** Encoded plans read back by the rules of plan_format.h, independently of the encoder: trees of numbers and constants. */
import { ExprOp, HEADER_WORDS, PLAN_MAGIC, PlanOp } from '../../src/sql/plan/format.js'
import { typeOfNumber } from '../../src/sql/types.js'

export interface Decoded {
  readonly header: { parameterCount: number; flags: number; namespaceId: number; catalogTimestamp: bigint }
  readonly root: unknown[]
  readonly constants: readonly unknown[]
}

const nameOf = (numbers: Readonly<Record<string, number>>, number: number): string => {
  const found = Object.entries(numbers).find(([, n]) => n === number)
  if (!found) throw new Error(`Nothing has the number ${number}`)
  return found[0]
}

export function decodePlan(words: Int32Array, bytes: Uint8Array): Decoded {
  expect(words[0]).toBe(PLAN_MAGIC)
  expect(words[2]).toBe(words.length)
  const constants = decodeConstants(bytes)
  expect(constants.length).toBe(words[5])
  const root = new Reader(words, constants).node(words[3]!, HEADER_WORDS - 1)
  const catalogTimestamp = join64(words[8]!, words[9]!)
  return {
    header: { parameterCount: words[4]!, flags: words[6]!, namespaceId: words[7]!, catalogTimestamp },
    root,
    constants,
  }
}

const join64 = (high: number, low: number) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)

export function decodeConstants(bytes: Uint8Array): unknown[] {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const constants: unknown[] = []
  for (let at = 0; at < bytes.length;) {
    const type = typeOfNumber(bytes[at++]!)!
    switch (type) {
      case 'null':
        constants.push(null)
        break
      case 'boolean':
        constants.push(bytes[at++] === 1)
        break
      case 'integer':
      case 'timestamp':
        constants.push(data.getBigInt64(at, true))
        at += 8
        break
      case 'real':
        constants.push(data.getFloat64(at, true))
        at += 8
        break
      case 'uuid':
        constants.push({ uuid: Buffer.from(bytes.subarray(at, at + 16)).toString('hex') })
        at += 16
        break
      case 'vector': {
        const count = data.getUint32(at, true)
        constants.push(Float32Array.from({ length: count }, (_, i) => data.getFloat32(at + 4 + 4 * i, true)))
        at += 4 + 4 * count
        break
      }
      default: {
        const length = data.getUint32(at, true)
        const value = Buffer.from(bytes.subarray(at + 4, at + 4 + length))
        constants.push(type === 'blob' ? { blob: value.toString('hex') } : { [type]: value.toString('utf8') })
        at += 4 + length
      }
    }
  }
  return constants
}

class Reader {
  #at = 0
  constructor(
    readonly words: Int32Array,
    readonly constants: readonly unknown[],
  ) {}

  #next = () => this.words[this.#at++]!
  #many = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read)

  /** Reads at an offset and comes back; offsets point forward. */
  #follow<T>(offset: number, parent: number, read: (at: number) => T): T {
    expect(offset).toBeGreaterThan(parent)
    expect(offset).toBeLessThan(this.words.length)
    const back = this.#at
    this.#at = offset
    const result = read(offset)
    this.#at = back
    return result
  }

  node(offset: number, parent: number): unknown[] {
    return this.#follow(offset, parent, at => {
      const op = nameOf(PlanOp, this.#next())
      const next = this.#next
      const child = () => this.node(next(), at)
      const expr = () => this.expr(next(), at)
      const exprs = () => this.#many(next(), expr)
      const numbers = () => this.#many(next(), next)
      const table = () => this.table(next(), at)
      const keys = () => this.#many(next(), () => [expr(), next()])
      const aggregate = () => {
        const head = [next(), expr(), next(), expr()]
        const arg2 = expr()
        const order = keys()
        return arg2 === undefined && order.length === 0 ? head : [...head, arg2, order]
      }
      const windowFunction = () => {
        const head = [next(), typeOfNumber(next()), next(), exprs(), expr()]
        return [...head, { mode: next(), start: [next(), expr()], end: [next(), expr()], exclude: next() }]
      }
      const sets = () => this.#many(next(), () => [next(), expr()])
      switch (op) {
        case 'scan': {
          const head = [op, table(), { index: next(), flags: next() }, numbers(), exprs()]
          return [...head, expr(), next(), expr(), next()]
        }
        case 'scanKeys': {
          const head = [op, table(), { index: next() }, numbers()]
          const count = next()
          const width = next()
          return [...head, this.#many(count, () => this.#many(width, expr))]
        }
        case 'filter':
          return [op, child(), expr()]
        case 'project':
          return [op, child(), exprs()]
        case 'sort':
          return [op, child(), keys(), expr(), expr()]
        case 'limit':
          return [op, child(), expr(), expr()]
        case 'aggregate':
          return [op, child(), exprs(), this.#many(next(), aggregate)]
        case 'window':
          return [op, child(), exprs(), keys(), this.#many(next(), windowFunction)]
        case 'indexJoin':
          return [op, child(), next(), table(), next(), numbers(), exprs(), expr()]
        case 'loopJoin':
          return [op, child(), child(), next(), expr()]
        case 'distinct':
          return [op, child()]
        case 'values': {
          const rows = next()
          const columns = next()
          return [op, this.#many(rows, () => this.#many(columns, expr))]
        }
        case 'insert': {
          const over = () => {
            const plan = next()
            const working = next()
            return plan === -1 ? undefined : [this.node(plan, at), working]
          }
          const conflict = () => [next(), next(), over(), sets(), expr()]
          const head = [op, table(), child(), numbers(), conflict()]
          return [...head, this.#many(next(), conflict), over(), exprs()]
        }
        case 'update':
          return [op, table(), child(), sets(), next(), exprs()]
        default:
          return [op, table(), child(), exprs()]
      }
    })
  }

  expr(offset: number, parent: number): unknown {
    if (offset === -1) return undefined
    return this.#follow(offset, parent, at => {
      const next = this.#next
      const op = nameOf(ExprOp, next())
      const type = typeOfNumber(next())!
      const expr = () => this.expr(next(), at)
      switch (op) {
        case 'const':
          return this.constants[next()]
        case 'param':
          return `$${next()}:${type}`
        case 'column':
          return `#${next()}:${type}`
        case 'and':
        case 'or':
        case 'coalesce':
          return [op, ...this.#many(next(), expr)]
        case 'in': {
          const operand = expr()
          return [op, operand, ...this.#many(next(), expr)]
        }
        case 'like':
          return [op, expr(), expr(), expr(), next()]
        case 'case': {
          const pairs = this.#many(next(), () => [expr(), expr()])
          return [op, ...pairs, expr()]
        }
        case 'not':
        case 'isNull':
        case 'negate':
        case 'lower':
        case 'upper':
        case 'length':
        case 'abs':
        case 'cast':
          return [`${op}:${type}`, expr()]
        default:
          return [`${op}:${type}`, expr(), expr()]
      }
    })
  }

  table(offset: number, parent: number): Record<string, unknown> {
    return this.#follow(offset, parent, at => {
      const next = this.#next
      const constant = () => {
        const index = next()
        return index === -1 ? undefined : this.constants[index]
      }
      const id = next()
      const schemaVersion = next()
      const policy = next()
      const movingTo = next()
      const key = constant()
      const version = join64(next(), next())
      const name = constant()
      const columns = this.#many(next(), () => [next(), typeOfNumber(next()), next(), constant(), constant()])
      const primaryKey = this.#many(next(), next)
      const over = () => this.expr(next(), at)
      const computed = this.#many(next(), over)
      const indexes = this.#many(next(), () => {
        const head = [next(), next(), constant()]
        const where = next()
        const keys = this.#many(next(), () => [next(), next()])
        return where === -1 ? [...head, keys] : [...head, keys, where]
      })
      const checks = this.#many(next(), () => [constant(), over()])
      const generated = this.#many(next(), () => [next(), over()])
      const identity = next()
      const rules = { computed, checks, generated, identity }
      return { id, schemaVersion, policy, movingTo, key, version, name, columns, primaryKey, indexes, ...rules }
    })
  }
}
