'use strict'
// The addon, for programs that tests run in processes and threads of their own: they have no TypeScript.
const { join } = require('node:path')

const native = require(join(__dirname, '..', '..', '..', '..', 'native', 'index.cjs'))

const SYNC_MODES = { off: 0, normal: 1, full: 2 }
const MIB = 1024 * 1024
/** The defaults of Database.open, so that a store can be shared with it. */
const openArguments = (path, syncMode = 'normal') => [
  path,
  false,
  SYNC_MODES[syncMode],
  true,
  true,
  0,
  256 * MIB,
  64 * MIB, // memtableSizeBytes
  256 * MIB, // blockCacheSizeBytes
  1, // lz4
  0,
  0, // the log is not compressed
  1, // balanced
  1,
  1,
  24 * 3600 * 1000, // retentionMs
  256 * MIB, // queryMemoryBytes
  64 * MIB, // graphCacheSizeBytes
]
const open = (path, syncMode) => native.open(...openArguments(path, syncMode))
const info = new ArrayBuffer(16)
/** Begins a transaction that holds the writer. */
const beginWriter = database => native.begin(database, 0, true, 0, info)

module.exports = { native, open, openArguments, beginWriter }
