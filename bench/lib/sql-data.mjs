/** What the SQL workloads store and ask for: users and posts, the same for every peer. */
import { random } from './data.mjs'

const CITIES = ['Oslo', 'Rome', 'Lima', 'Kyiv', 'Quito', 'Cairo', 'Seoul', 'Turin']
const KINDS = ['note', 'story', 'review', 'question', 'answer']
const WORDS =
  'engine keeps every version of a key that some reader may still see and drops the rest when tables merge'.split(' ')

/** At scale 1: 200,000 users and 500,000 posts, 25 by each of the first 20,000 users. */
export function sizes(scale) {
  const users = Math.max(1000, Math.round(200_000 * scale))
  return { users, posts: users * 2.5, authors: users / 10, topics: Math.max(50, users / 20), objects: users / 2 }
}

export const USER_COLUMNS = ['id', 'name', 'email', 'city', 'age', 'score']
export const POST_COLUMNS = ['id', 'userId', 'title', 'kind', 'topic', 'likes', 'createdAt']

export const SCHEMA = [
  'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, city TEXT NOT NULL, age INTEGER NOT NULL, score DOUBLE PRECISION NOT NULL)',
  'CREATE TABLE posts (id INTEGER PRIMARY KEY, "userId" INTEGER NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL, topic INTEGER NOT NULL, likes INTEGER NOT NULL, "createdAt" INTEGER NOT NULL)',
]
export const INDEXES = [
  'CREATE INDEX "postsOfUser" ON posts ("userId")',
  'CREATE INDEX "postsInOrder" ON posts ("createdAt")',
]

export const user = i => ({
  id: i,
  name: `User ${i}`,
  email: `user${i}@example.com`,
  city: CITIES[i % CITIES.length],
  age: 18 + (i % 60),
  score: i / 7,
})

/** All posts, in the order of their keys. */
export function posts({ posts: count, authors, topics }) {
  const next = random(11)
  const some = n => Math.floor(next() * n)
  return Array.from({ length: count }, (_, i) => ({
    id: i,
    userId: i % authors,
    title: `${WORDS[some(WORDS.length)]} ${WORDS[some(WORDS.length)]} ${some(1_000_000)}`,
    kind: KINDS[some(KINDS.length)],
    topic: some(topics),
    likes: some(1000),
    createdAt: 1_700_000_000 + Math.floor(i / 2) * 60,
  }))
}

export const valuesOf = (columns, row) => columns.map(name => row[name])

/** `mark(i)` gives the placeholder of parameter i. */
export const insertion = (table, columns, mark, rows = 1) =>
  `INSERT INTO ${table} (${columns.map(name => `"${name}"`).join(', ')}) VALUES ${Array.from(
    { length: rows },
    (_, r) => `(${columns.map((_, c) => mark(r * columns.length + c)).join(', ')})`,
  ).join(', ')}`

/** Statements of the workload by name, the same text for every peer but for its placeholders. */
export const statements = mark => ({
  byKey: `SELECT id, name, email, city, age, score FROM users WHERE id = ${mark(0)}`,
  byEmail: `SELECT id, name, email, city, age, score FROM users WHERE email = ${mark(0)}`,
  page: `SELECT id, title, "createdAt" FROM posts WHERE "createdAt" >= ${mark(0)} ORDER BY "createdAt" LIMIT 20`,
  join: `SELECT u.name, p.id, p.title, p.likes FROM users u JOIN posts p ON p."userId" = u.id WHERE u.id = ${mark(0)}`,
  kinds: 'SELECT kind, count(*) AS n, sum(likes) AS likes FROM posts GROUP BY kind',
  topics:
    'SELECT topic, count(*) AS n, sum(likes) AS likes FROM posts GROUP BY topic ORDER BY likes DESC, topic LIMIT 10',
  sum: `SELECT sum(likes) AS likes FROM posts WHERE likes > ${mark(0)} AND topic < ${mark(1)}`,
  like: `SELECT count(*) AS n FROM posts WHERE title LIKE ${mark(0)}`,
  update: `UPDATE users SET age = ${mark(0)}, city = ${mark(1)} WHERE id = ${mark(2)}`,
  upsert: `${insertion('users', USER_COLUMNS, mark)} ON CONFLICT (id) DO UPDATE SET age = excluded.age, score = excluded.score`,
  many: `SELECT id, name, email, city, age, score FROM users WHERE id < ${mark(0)}`,
})
