import { parseStatement } from 'sochdb/internal'
import { StatementCache } from '../src/statement-cache.js'

/** Near each other: each differs from another in one place. */
const texts = [
  'select a from t where b = ?1',
  'select a from t where b = ?2',
  'select a from t where b = 1',
  'select a from t where b = -1',
  "select a from t where b = '1'",
  "select a from t where b = '10'",
  'select a from t where b = 1.0',
  'select a from t where b = true',
  'select a from t where b = null',
  'select a from t where b is null',
  'select a from t where b is not null',
  'select a from t where c = ?1',
  'select a as c from t where b = ?1',
  'select a, a from t where b = ?1',
  'select distinct a from t where b = ?1',
  'select t.a from t where b = ?1',
  'select a from t as u where b = ?1',
  'select a from main.t where b = ?1',
  'select a from t where b = ?1 limit 1',
  'select a from t where b = ?1 offset 1',
  'select a from t where b = ?1 order by a',
  'select a from t where b = ?1 order by a desc',
  'select a from t where b in (?1)',
  'select a from t where b in (?1, ?2)',
  'delete from t where b = ?1',
  'update t set a = 1 where b = ?1',
  'insert into t (a) values (?1)',
  'insert into t (b) values (?1)',
  'insert into t (a) values (default)',
]
const tree = (text: string) => parseStatement(text).statement

it('finds equal statements, and no others', () => {
  const cache = new StatementCache()
  const held = texts.map(text => cache.get(tree(text), 1))
  expect(new Set(held).size).toBe(texts.length)
  texts.forEach((text, i) => {
    expect(cache.get(tree(text), 1)).toBe(held[i])
  })
})

it('is bounded', () => {
  const cache = new StatementCache()
  const first = cache.get(tree('select 0'), 0)
  expect(cache.get(tree('select 0'), 0)).toBe(first)
  for (let i = 1; i <= 500; i++) cache.get(tree(`select ${String(i)}`), 0)
  expect(cache.get(tree('select 0'), 0)).not.toBe(first)
  const long = tree('select 1 in (1, 2, 3)')
  expect(cache.get(long, 1000)).not.toBe(cache.get(long, 1000))
})
