'use strict'
/** What an application does with the package, on a store in a folder of its own. */
const assert = require('node:assert/strict')
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

exports.steps = async ({ Database, QuerySyntaxError }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sochdb-packed-'))
  const path = join(folder, 'store')
  let db = Database.open(path)
  db.put('user:1', 'Alice')
  db.execute('CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL)')
  db.execute('INSERT INTO notes (title) VALUES (?), (?)', ['Engines', 'Looms'])
  const passages = db.createCollection({ name: 'passages', dimension: 3 })
  passages.insert({ id: 'near', vector: [0.9, 0.1, 0] })
  passages.insert({ id: 'far', vector: [0, 0, 1] })
  db.close()

  db = Database.open(path)
  assert.equal(db.getString('user:1'), 'Alice')
  assert.deepEqual(db.execute("SELECT title FROM notes WHERE title LIKE 'L%'").rows, [{ title: 'Looms' }])
  assert.deepEqual(
    Array.from(db.collection('passages').search({ vector: [1, 0, 0], k: 1 }), hit => hit.id),
    ['near'],
  )
  assert.equal((await db.async.get('user:1')).toString(), 'Alice')
  assert.throws(() => db.execute('SELEC title FROM notes'), QuerySyntaxError)
  db.close()
  rmSync(folder, { recursive: true })
}
