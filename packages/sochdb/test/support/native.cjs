'use strict'
// The addon, for programs that tests run in processes and threads of their own: they have no TypeScript.
const { join } = require('node:path')

const native = require(join(__dirname, '..', '..', '..', '..', 'native', 'index.cjs'))

const SYNC_MODES = { off: 0, normal: 1, full: 2 }
const openArguments = (path, syncMode = 'normal') => [
  path,
  false,
  SYNC_MODES[syncMode],
  true,
  true,
  0,
  256 * 1024 * 1024,
]
const open = (path, syncMode) => native.open(...openArguments(path, syncMode))
const info = new ArrayBuffer(16)
/** Begins a transaction that holds the writer. */
const beginWriter = database => native.begin(database, 0, true, 0, info)

module.exports = { native, open, openArguments, beginWriter }
