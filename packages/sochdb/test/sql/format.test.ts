import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FUNCTIONS } from '../../src/sql/binder/functions/registry.js'
import * as format from '../../src/sql/plan/format.js'
import { TYPE_NUMBERS } from '../../src/sql/types.js'

const native = join(process.cwd(), 'native')
const read = (file: string) => readFileSync(join(native, file), 'utf8').replace(/\/\/.*$/gm, '')
const header = read('exec/plan_format.h')
const types = read('codec/column_type.h')

/** `kIsNull` → `isNull`, `kCountRows` → `countRows`. */
const camel = (name: string) => name.charAt(1).toLowerCase() + name.slice(2)

/** The members of a C++ enum, in our spelling. */
function enumOf(text: string, name: string, prefix = ''): Record<string, number> {
  const body = new RegExp(`enum (?:class )?${name}\\b[^{]*\\{([^}]*)\\}`).exec(text)?.[1]
  if (body === undefined) throw new Error(`There is no enum ${name}`)
  const members = body.matchAll(/(k\w+)\s*=\s*(-?\d+)/g)
  return Object.fromEntries(Array.from(members, m => [camel(`k${m[1]!.slice(1 + prefix.length)}`), Number(m[2])]))
}

function constantOf(name: string): number {
  const text = new RegExp(`${name} = ([^;]+);`).exec(header)![1]!.trim()
  const shift = /^(\d+) << (\d+)$/.exec(text)
  return shift ? Number(shift[1]) << Number(shift[2]) : Number(text)
}

describe('the numbers of plan_format.h', () => {
  test.each([
    ['PlanOp', format.PlanOp, ''],
    ['ExprOp', format.ExprOp, ''],
    ['AggregateFn', format.AggregateNumber, ''],
    ['WindowFn', format.WindowNumber, ''],
    ['FrameMode', format.FrameMode, ''],
    ['FrameBound', format.FrameBound, ''],
    ['FrameExclude', format.FrameExclude, ''],
    ['WindowFlag', format.WindowFlag, 'Window'],
    ['JoinKind', format.JoinKind, ''],
    ['SetOpKind', format.SetOpKind, ''],
    ['ApplyKind', format.ApplyKind, ''],
    ['ConflictAction', format.ConflictAction, ''],
    ['PlanFlag', format.PlanFlag, 'Plan'],
    ['ColumnFlag', format.ColumnFlag, 'Column'],
    ['IndexFlag', format.IndexFlag, 'Index'],
    ['KeyFlag', format.KeyFlag, 'Key'],
    ['ScanFlag', format.ScanFlag, 'Scan'],
    ['SortFlag', format.SortFlag, 'Sort'],
    ['AggregateFlag', format.AggregateFlag, 'Aggregate'],
    ['LikeFlag', format.LikeFlag, 'Like'],
  ])('%s is mirrored', (name, ours, prefix) => {
    expect(ours).toEqual(enumOf(header, name, prefix))
  })

  test('functions are mirrored: names, numbers, signatures, and which of them are volatile', () => {
    const files = readdirSync(join(native, 'exec/functions')).filter(file => file.endsWith('.cc'))
    const entries = files.flatMap(file =>
      Array.from(
        read(`exec/functions/${file}`).matchAll(/\{(\d+), "(\w+)", "([^"]+)", ([^,]+),/g),
        ([, number, name, signature, flags]) =>
          [name!, { number: Number(number), signature: signature!, volatile: flags!.includes('kVolatile') }] as const,
      ),
    )
    const ours = Object.entries(FUNCTIONS).map(
      ([name, spec]) =>
        [name, { number: spec.number, signature: spec.signature, volatile: spec.volatile === true }] as const,
    )
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(entries))
    expect(new Set(ours.map(([, spec]) => spec.number)).size).toBe(ours.length)
    expect(entries.length).toBe(ours.length)
  })

  test('the types of columns are mirrored', () => {
    expect(TYPE_NUMBERS).toEqual(enumOf(types, 'ColumnType'))
  })

  test('magic, version and limits are mirrored', () => {
    expect(format.PLAN_MAGIC).toBe(constantOf('kPlanMagic'))
    expect(format.PLAN_VERSION).toBe(constantOf('kPlanVersion'))
    expect(format.HEADER_WORDS).toBe(constantOf('kHeaderWords'))
    expect(format.PLAN_WORDS_MAX).toBe(constantOf('kPlanWordsMax'))
    expect(format.PLAN_DEPTH_MAX).toBe(constantOf('kPlanDepthMax'))
  })
})
