'use strict'
// Holds a store open until its standard input ends: node holder-child.cjs <path>
const { open, native } = require('./native.cjs')

const database = open(process.argv[2])
native.put(database, 'held', 'yes')
process.stdout.write('open\n')
process.stdin.on('end', () => native.close(database)).resume()
