// Builds an index, or numbers rows, until it is killed: by itself before the transaction that it is told, or by its parent.
//
//   node ddl-child.mjs index <path> <transaction> [namespace]
//   node ddl-child.mjs identity <path>
import { writeSync } from 'node:fs'

import { Database } from 'sochdb'

const [, , what, path, last, namespace] = process.argv
const db = Database.open(path, { logLevel: 'off' })

function say(line) {
  for (;;) {
    try {
      return writeSync(1, `${line}\n`)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}

if (what === 'index') {
  const target = namespace === undefined ? db : db.namespace(namespace)
  const run = target.transaction.bind(target)
  let begun = 0
  target.transaction = fn => {
    if (++begun === Number(last)) process.kill(process.pid, 'SIGKILL')
    return run(fn)
  }
  target.execute('create unique index big_code on big (code)')
  say('built')
  process.kill(process.pid, 'SIGKILL')
}
for (;;)
  say(
    db
      .execute('insert into numbered (name) values (?), (?) returning id', ['a', 'b'])
      .rows.map(row => row.id)
      .join(' '),
  )
