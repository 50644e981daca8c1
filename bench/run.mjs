/**
 * Peers and project side by side: every peer in a process of its own, round after round in turn, medians over rounds, ratios of medians.
 *
 *   node run.mjs [kv|engine|durable|policies|sql|vector …] [--rounds N] [--keys N] [--markdown]
 *
 * --keys is the size of the data that `engine` loads (default 1,000,000); the larger runs take hours with 20,000,000.
 */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './lib/measure.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const suites = {
  kv: { peers: ['sochdb', 'lmdb', 'classic-level', 'better-sqlite3'], unit: 'µs', lowerIsBetter: true },
  engine: {
    peers: ['sochdb', 'rocksdb', 'lmdb', 'classic-level', 'better-sqlite3'],
    unit: 'µs',
    lowerIsBetter: true,
  },
  durable: {
    peers: ['sochdb', 'rocksdb', 'lmdb', 'classic-level', 'better-sqlite3'],
    unit: 'µs',
    lowerIsBetter: true,
  },
  policies: {
    peers: ['writeOptimized', 'balanced', 'scanOptimized', 'appendOnly'],
    unit: 'µs',
    lowerIsBetter: true,
    home: { random: 'writeOptimized', half: 'balanced', a: 'scanOptimized', appended: 'appendOnly' }, // by a row's first word
  },
  sql: { peers: ['sochdb', 'better-sqlite3'], unit: 'µs', lowerIsBetter: true },
  vector: { peers: ['sochdb', 'hnswlib-node'], unit: '', lowerIsBetter: false },
}
const conditions = {
  kv: '100,000 keys of 16 bytes, values of 100 bytes, one process each. off: nothing is synced (lmdb noSync, SQLite synchronous=OFF). normal: written to the operating system before the call returns (classic-level sync: false, SQLite WAL synchronous=NORMAL).',
  engine:
    'Keys of 16 bytes, values of 100 bytes that compress as text does, loaded in random order; a cache of 64 MiB for every store that has one, one process each. Nothing is synced but what a store syncs by itself; a put survives the process (lmdb: noSync). RocksDB 9.7 with ZSTD, dictionaries and Bloom filters (as its binding compresses), the project with LZ4; lmdb and SQLite do not compress. Replay: 200,000 puts by a process that is killed, none of them in tables then; the time of the opening.',
  durable:
    'Every put survives the loss of power (fdatasync): syncMode full, RocksDB and classic-level sync: true, lmdb as it opens by default, SQLite WAL with synchronous=FULL. Values of 100 bytes.',
  policies:
    'Values of 100 bytes that compress as text does (events: 1,000), a block cache of 8 MiB, not synced. Overwrites: 1,000,000 keys twice over, memtables of 64 MiB. Keys: 1,000,000, memtables of 4 MiB. Pages: 1,500,000 keys, 480,000 writes between them, memtables of 4 MiB. Events: 300,000, memtables of 16 MiB. With two cores, compaction costs no time until it falls behind: what it costs is in the processor time of all threads. The columns are index policies of the project; each workload is the home ground of one, named beside it.',
  sql: '100,000 rows of six columns, one process each, not synced (SQLite WAL, synchronous=OFF). One row by primary key as an object.',
  vector:
    '100,000 GloVe word vectors of 100 dimensions, 500 others as queries, cosine, M 16, efConstruction 100, k 10, one thread of searches; recall@10 against an exact scan over 200 queries. hnswlib-node as it installs. The project writes every vector through its log (not synced) before it is indexed, and its build time includes that.',
}

const args = process.argv.slice(2)
const rounds = args.includes('--rounds') ? Number(args[args.indexOf('--rounds') + 1]) : 3
const keys = args.includes('--keys') ? [args[args.indexOf('--keys') + 1]] : []
const markdown = args.includes('--markdown')
const chosen = Object.keys(suites).filter(name => args.includes(name))

function run(suite, peer) {
  const command = [process.execPath, join(here, 'workloads', `${suite}.mjs`), peer, ...(suite === 'engine' ? keys : [])]
  const child = spawnSync(command[0], command.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (child.status !== 0) throw new Error(`${suite} on ${peer} failed:\n${child.stderr}`)
  return JSON.parse(child.stdout.trim().split('\n').at(-1))
}

const show = n =>
  n === undefined
    ? '–'
    : n >= 1000
      ? Math.round(n).toLocaleString('en')
      : n >= 100
        ? n.toFixed(0)
        : n >= 1
          ? n.toFixed(2)
          : n.toFixed(3)

for (const name of chosen.length > 0 ? chosen : Object.keys(suites)) {
  const suite = suites[name]
  const samples = Object.fromEntries(suite.peers.map(peer => [peer, []]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of suite.peers) {
      if (process.stderr.isTTY) process.stderr.write(`\r${name}: round ${round + 1} of ${rounds}, ${peer}        `)
      samples[peer].push(run(name, peer))
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  const rows = [...new Set(suite.peers.flatMap(peer => Object.keys(samples[peer][0])))]
  const value = (peer, row) =>
    samples[peer][0][row] === undefined ? undefined : median(samples[peer].map(s => s[row]))
  const [project, ...others] = suite.peers
  const ratioNames = suite.home === undefined ? others.map(peer => `× ${peer}`) : ['at home', '× the next best']
  const table = [[`${name}${suite.unit ? `, ${suite.unit}` : ''}`, ...suite.peers, ...ratioNames]]
  for (const row of rows) {
    if (suite.home !== undefined) {
      const home = suite.home[row.split(' ')[0]]
      const next = Math.min(...suite.peers.filter(peer => peer !== home).map(peer => value(peer, row)))
      table.push([row, ...suite.peers.map(peer => show(value(peer, row))), home, (next / value(home, row)).toFixed(2)])
      continue
    }
    const own = value(project, row)
    const ratios = others.map(peer => {
      const other = value(peer, row)
      if (own === undefined || other === undefined || row.includes('recall')) return '–'
      return (suite.lowerIsBetter && !row.endsWith('/s') ? other / own : own / other).toFixed(1)
    })
    table.push([row, ...suite.peers.map(peer => show(value(peer, row))), ...ratios])
  }
  console.log(
    `\n${conditions[name]}\n${cpus()[0].model}, ${cpus().length} cores, Node ${process.versions.node}, median of ${rounds} rounds. Ratios above 1: the project is ahead.\n`,
  )
  if (markdown) {
    console.log(`| ${table[0].join(' | ')} |\n|${table[0].map(() => '---').join('|')}|`)
    for (const row of table.slice(1)) console.log(`| ${row.join(' | ')} |`)
  } else {
    const widths = table[0].map((_, i) => Math.max(...table.map(row => row[i].length)))
    for (const row of table)
      console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
  }
}
