'use strict'
// Commits numbered batches until it is killed, and prints each number when its commit has been acknowledged.
//
//   node crash-child.cjs <path> <sync mode> <rows of a batch>
//
// Batch n writes the rows n:0 … n:<rows - 1>, each with n as its value, and n to the key `last`, in one transaction.
const { writeSync } = require('node:fs')
const { native, open, beginWriter } = require('./native.cjs')

const [, , path, syncMode, rows] = process.argv
const database = open(path, syncMode)
for (let n = Number(native.getString(database, 'last') ?? 0) + 1; ; n++) {
  const transaction = beginWriter(database)
  for (let row = 0; row < Number(rows); row++) native.put(transaction, `${n}:${row}`, String(n))
  native.put(transaction, 'last', String(n))
  native.commit(transaction)
  writeSync(1, `${n}\n`)
}
