/** Windows of every kind give what SQLite gives. */
import sqlite from 'node-sqlite3-wasm'
import { Database } from '../../src/index.js'
import { failure } from './ddl-support.js'
import { Random } from './random.js'

let db: Database
let peer: sqlite.Database

beforeAll(() => {
  db = Database.open(':memory:')
  peer = new sqlite.Database(':memory:')
  for (const each of [
    'create table w (id integer primary key, g integer, a integer, b integer not null, x real, s text)',
  ]) {
    db.execute(each)
    peer.exec(each)
  }
  const random = new Random(11)
  const maybe = <T>(value: T) => (random.chance(0.15) ? null : value)
  for (let id = 0; id < 60; ++id) {
    const row = [
      id,
      maybe(random.below(4)),
      maybe(random.below(9)),
      random.below(12) - 4,
      // Sums of these are exact in whatever order they are taken.
      maybe((random.below(40) - 20) / 4),
      maybe('abcde'[random.below(5)]!),
    ]
    db.execute('insert into w values (?, ?, ?, ?, ?, ?)', row)
    peer.run('insert into w values (?, ?, ?, ?, ?, ?)', row)
  }
})
afterAll(() => {
  db.close()
  peer.close()
})

const cell = (value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(12)) : value)
const cells = (rows: readonly unknown[]) => rows.map(row => Object.values(row as object).map(cell))

function expectSame(sql: string): void {
  const theirs = cells(peer.all(sql))
  let ours: unknown
  try {
    ours = cells(db.execute(sql).rows)
  } catch (error) {
    ours = String(error)
  }
  expect({ sql, rows: ours }).toEqual({ sql, rows: theirs })
}

class WindowMaker {
  constructor(readonly random: Random) {}

  #partition(): string {
    return this.random.pick(['', 'partition by g', 'partition by s', 'partition by g, a > 3', 'partition by b % 3'])
  }

  /** `total`: no two rows are equal in it. */
  #order(total: boolean): string {
    const { random } = this
    const direction = () => random.pick(['', ' desc', ' nulls last', ' desc nulls first'])
    const keys = [random.pick(['a', 'b', 'x', 's', 'g', '-b'])]
    if (random.chance(0.3)) keys.push(random.pick(['a', 'b', 's']))
    if (total) keys.push('id')
    return `order by ${keys.map(key => key + direction()).join(', ')}`
  }

  #bounds(offset: () => string): string {
    const { random } = this
    const starts = ['unbounded preceding', `${offset()} preceding`, 'current row', `${offset()} following`]
    const ends = [`${offset()} preceding`, 'current row', `${offset()} following`, 'unbounded following']
    const start = random.below(4)
    if (start < 3 && random.chance(0.2)) return starts[start]!
    // An end before the start is refused.
    const end = Math.max(start - 1, random.below(4))
    return `between ${starts[start]!} and ${ends[end]!}`
  }

  #exclude(): string {
    return this.random.pick([
      '',
      '',
      '',
      ' exclude no others',
      ' exclude current row',
      ' exclude group',
      ' exclude ties',
    ])
  }

  /** What stands between the parentheses of OVER. */
  window(total: boolean): string {
    const { random } = this
    const partition = this.#partition()
    if (random.chance(0.15) && !total) return partition
    const mode = random.pick(['', 'rows', 'range', 'groups'])
    if (mode === '') return `${partition} ${this.#order(total)}`
    if (mode === 'range' && random.chance(0.7)) {
      // An offset goes with one key, a number.
      const key = total ? 'id' : random.pick(['a', 'b', 'x', 'b * 2'])
      const direction = random.pick(['', ' desc', ' nulls last', ' desc nulls first'])
      const offset = () => (key === 'x' ? random.pick(['0.5', '1', '2.25']) : String(random.below(5)))
      return `${partition} order by ${key}${direction} range ${this.#bounds(offset)}${this.#exclude()}`
    }
    const offset = () => String(random.below(4))
    const bounds =
      mode === 'range'
        ? random.pick(['unbounded preceding', 'between current row and unbounded following', 'current row'])
        : this.#bounds(offset)
    // Which row is how many rows away must not depend on how equal ones are sorted.
    return `${partition} ${this.#order(total || mode === 'rows')} ${mode} ${bounds}${this.#exclude()}`
  }

  call(over: (total: boolean) => string): string {
    const { random } = this
    const filter = random.chance(0.25) ? ` filter (where ${random.pick(['a > 2', 'b % 2 = 0', "s <> 'a'"])})` : ''
    const value = random.pick(['a', 'b', 'x', 's', 'a + b', 'id'])
    const number = random.pick(['a', 'b', 'x', 'a * b', 'id'])
    switch (random.below(9)) {
      case 0:
        return `${random.pick(['rank()', 'dense_rank()', 'percent_rank()', 'cume_dist()'])} ${over(false)}`
      case 1:
        return `${random.pick(['row_number()', 'ntile(3)', 'ntile(7)'])} ${over(true)}`
      case 2: {
        const name = random.pick(['lag', 'lead'])
        const rest = random.pick(['', ', 0', ', 1', ', 2, null', `, 3, ${value}`])
        return `${name}(${value}${rest}) ${over(true)}`
      }
      case 3:
        return `${random.pick([`first_value(${value})`, `last_value(${value})`, `nth_value(${value}, ${1 + random.below(4)})`])} ${over(true)}`
      case 4:
        return `group_concat(${random.pick(['s', 'id', "s, '-'"])})${filter} ${over(true)}`
      case 5:
        return `${random.pick(['count(*)', `count(${value})`])}${filter} ${over(false)}`
      case 6:
        return `${random.pick(['min', 'max'])}(${value})${filter} ${over(false)}`
      default:
        return `${random.pick(['sum', 'avg', 'total'])}(${number})${filter} ${over(false)}`
    }
  }

  query(): string {
    const { random } = this
    const names: string[] = []
    const over = (total: boolean): string => {
      if (random.chance(0.3)) {
        names.push(`n${names.length} as (${this.window(total)})`)
        return `over n${names.length - 1}`
      }
      if (random.chance(0.15)) {
        names.push(`n${names.length} as (${this.#partition()})`)
        return `over (n${names.length - 1} ${this.#order(true)})`
      }
      return `over (${this.window(total)})`
    }
    const columns = Array.from({ length: 1 + random.below(3) }, (_, i) => {
      const call = this.call(over)
      const isText = /group_concat|value\(s|\((s|s,.*)\)|lag\(s|lead\(s/.test(call)
      const shown = !isText && random.chance(0.2) ? `coalesce(${call}, -1) * 2 - b` : call
      return `${shown} as c${i}`
    })
    const where = random.chance(0.3) ? ` where ${random.pick(['a > 1', 'b < 5', 's is not null', 'id % 3 <> 0'])}` : ''
    const windows = names.length > 0 ? ` window ${names.join(', ')}` : ''
    return `select id, ${columns.join(', ')} from w${where}${windows} order by id`
  }
}

test.each(Array.from({ length: 20 }, (_, block) => block))('random windows of block %i', block => {
  for (let i = 0; i < 40; ++i) expectSame(new WindowMaker(new Random(1 + block * 40 + i)).query())
})

test.each([
  'select g, sum(b) as s, rank() over (order by sum(b) desc, g) as r from w group by g order by g',
  'select g, sum(sum(b)) over (order by g rows unbounded preceding) as running from w group by g order by g',
  'select g, count(*) as n, lag(count(*), 1, 0) over (order by g) as before from w group by g order by g',
  'select g, a, count(*) as n, sum(count(*)) over (partition by g) as part from w group by g, a order by g, a',
  'select g, max(b) - min(max(b)) over () as above from w group by g having count(*) > 5 order by g',
  'select g, group_concat(count(*)) over (order by g desc) as c from w group by g order by g',
  'select count(*) as n, row_number() over () as r from w',
  'select distinct g, count(*) over (partition by g) as n from w order by g',
  'select id from w order by sum(b) over (order by id), id',
  'select id, row_number() over (order by b, id) as r from w order by r desc limit 5',
  'select * from (select id, rank() over (partition by g order by b) as r from w) where r = 1 order by id',
  'select id, sum(b) over win as s, count(*) over (win rows 1 preceding) as n from w window win as (partition by g order by id) order by id',
  'select id, sum(b) over v as s from w window u as (partition by g), v as (u order by id) order by id',
  'select id, case when lag(b) over (order by id) < b then 1 else 0 end as up from w order by id',
  'select id, (select max(r) from (select rank() over (order by n.b) as r from w as n where n.g = w.g)) as r from w order by id',
  'with r as (select id, g, b, row_number() over (partition by g order by b desc, id) as n from w) select g, b from r where n <= 2 order by g, n',
  'select w.id, sum(v.b) over (partition by w.g order by w.id) as s from w join w as v on v.id = w.a order by w.id',
  'select id, sum(b) over (order by id) as s from w union all select id, avg(b) over () from w order by 1, 2',
  "select group_concat(s, '-' order by id desc) as c from w",
  'select g, group_concat(distinct s order by s) as c from w group by g order by g',
  'select g, group_concat(s) filter (where b > 0) as c from (select * from w order by id) group by g order by g',
])('%s', expectSame)

test('IGNORE NULLS, which SQLite has not, passes over them', () => {
  const nearest = (sql: string) => cells(db.execute(sql).rows)
  expect(nearest('select id, lag(a) ignore nulls over (order by id) as v from w order by id')).toEqual(
    cells(
      peer.all(
        'select id, (select a from w as o where o.id < w.id and a is not null order by id desc limit 1) as v from w order by id',
      ),
    ),
  )
  expect(
    nearest(
      'select id, first_value(a) ignore nulls over (order by id rows between 2 preceding and current row) as v from w order by id',
    ),
  ).toEqual(
    cells(
      peer.all(
        'select id, (select a from w as o where o.id between w.id - 2 and w.id and a is not null order by id limit 1) as v from w order by id',
      ),
    ),
  )
})

test.each([
  ['select sum(b) over nope from w', /There is no window "nope"/],
  ['select id from w where row_number() over () = 1', /window function and cannot stand in WHERE/],
  ['select sum(b) over (order by a, b range 1 preceding) from w', /exactly one ORDER BY/],
  ['select sum(rank() over ()) over () from w', /another window function/],
  ['select lower(s) over () from w', /neither an aggregate nor a window function/],
  ['select rank() from w', /needs OVER/],
  ['select ntile(0) over (order by id) from w', /counts from 1/],
])('%s', (sql, message) => {
  expect(failure(() => db.execute(sql))).toMatch(message)
})
