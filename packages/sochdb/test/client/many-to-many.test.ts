/** Relations by a table between both: loaded, asked for and written as the others are. */
import { col, defineSchema, manyToMany, table } from '@sochdb/schema'
import { Database, RowNotFoundError } from 'sochdb'
import { openDeclared, type AnyTables } from './declared.js'

const schema = defineSchema({
  casing: 'snake_case',
  tables: {
    posts: table('posts', { id: col.integer().primaryKey(), title: col.text() }),
    tags: table('tags', { tagName: col.text().primaryKey() }),
    postTags: table('post_tags', {
      postId: col.integer().references('posts.id', { onDelete: 'cascade' }),
      tagName: col.text().references('tags.tagName', { onDelete: 'cascade' }),
      deletedAt: col.timestamp().nullable(),
    }).primaryKey('postId', 'tagName'),
  },
  relations: {
    posts: { tags: manyToMany('tags', { through: 'postTags', from: 'postId', to: 'tagName' }) },
    tags: { posts: manyToMany('posts', { through: 'postTags', from: 'tagName', to: 'postId' }) },
  },
})

let database: Database
let db: AnyTables

beforeEach(() => {
  database = Database.open(':memory:')
  db = openDeclared({ database }, schema).sync
  db.tags!.insertMany([{ tagName: 'a' }, { tagName: 'b' }, { tagName: 'c' }])
  db.posts!.insert({ id: 1, title: 'one', tags: { connect: [{ tagName: 'b' }, { tagName: 'a' }] } })
  db.posts!.insert({ id: 2, title: 'two', tags: { create: [{ tagName: 'd' }], connect: [{ tagName: 'a' }] } })
  db.posts!.insert({ id: 3, title: 'three' })
})

afterEach(() => database.close())

const tagsOf = (id: number): unknown =>
  (db.posts!.find({ id }, { with: { tags: true } })!['tags'] as { tagName: string }[]).map(({ tagName }) => tagName)

test('rows are loaded from either side', () => {
  expect(db.posts!.findMany({ with: { tags: true } }).map(row => row['tags'])).toEqual([
    [{ tagName: 'a' }, { tagName: 'b' }],
    [{ tagName: 'a' }, { tagName: 'd' }],
    [],
  ])
  const [tag] = db.tags!.findMany({ with: { posts: { where: { title: 'two' }, with: { tags: { limit: 1 } } } } })
  expect(tag).toEqual({ tagName: 'a', posts: [{ id: 2, title: 'two', tags: [{ tagName: 'a' }] }] })
})

test('filters look through', () => {
  const ids = (where: object): unknown[] => db.posts!.findMany({ where: where as never }).map(row => row['id'])
  expect(ids({ tags: { some: { tagName: 'a' } } })).toEqual([1, 2])
  expect(ids({ tags: { none: { tagName: 'd' } } })).toEqual([1, 3])
  expect(ids({ tags: { every: { tagName: { in: ['a', 'b'] } } } })).toEqual([1, 3])
  expect(ids({ NOT: { tags: { some: {} } } })).toEqual([3])
})

test('rows are connected, made, taken apart and set, and stay in their tables', () => {
  db.posts!.update(
    { id: 1 },
    { tags: { disconnect: [{ tagName: 'a' }], connect: [{ tagName: 'b' }, { tagName: 'c' }] } },
  )
  expect(tagsOf(1)).toEqual(['b', 'c'])
  const where = { tagName: 'e' }
  db.posts!.update(
    { id: 1 },
    {
      tags: {
        connectOrCreate: [
          { where, create: where },
          { where: { tagName: 'b' }, create: { tagName: 'b' } },
        ],
      },
    },
  )
  expect(tagsOf(1)).toEqual(['b', 'c', 'e'])
  db.posts!.update({ id: 1 }, { tags: { set: [{ tagName: 'a' }, { tagName: 'e' }] } })
  expect(tagsOf(1)).toEqual(['a', 'e'])
  expect(tagsOf(2)).toEqual(['a', 'd'])
  expect(db.tags!.count()).toBe(5)
  db.posts!.update({ id: 1 }, { tags: { set: [] } })
  expect(tagsOf(1)).toEqual([])
})

test('a row that is not there is not connected, and nothing else is written', () => {
  const insert = () => db.posts!.insert({ id: 4, title: 'x', tags: { connect: [{ tagName: 'a' }, { tagName: 'zz' }] } })
  expect(insert).toThrow(RowNotFoundError)
  expect(db.posts!.count()).toBe(3)
  expect(db.postTags!.count()).toBe(4)
})
