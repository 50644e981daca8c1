'use strict'
// Has a store open until its standard input ends: node writing-child.cjs <path>
// It puts 'flushed' into tables and 'logged' into the log; a line on its standard input makes it flush that as well. It says when.
const { open, native } = require('../support/native.cjs')

const database = open(process.argv[2])
native.put(database, 'flushed', 'yes')
native.maintain(database, 'checkpoint')
native.put(database, 'logged', 'yes')
native.sync(database)
process.stdout.write('open\n')
process.stdin.on('data', () => {
  native.maintain(database, 'checkpoint')
  process.stdout.write('flushed\n')
})
process.stdin.on('end', () => native.close(database))
