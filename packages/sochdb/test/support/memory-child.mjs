/** Statements that want more memory than they may have: how much the process grew by them, in MiB, and how each ended. */
import { Database } from 'sochdb'

const MIB = 1024 * 1024
const db = Database.open(':memory:', { queryMemoryBytes: 8 * MIB })
const rows = 'generate_series(1, 3000000)'
const statements = [
  `SELECT value FROM ${rows} ORDER BY -value LIMIT 1 OFFSET 2999999`,
  `SELECT count(*) AS n FROM (SELECT DISTINCT value * 3 AS v FROM ${rows})`,
  `SELECT count(*) AS n FROM (SELECT value, count(*) FROM ${rows} GROUP BY value)`,
  `SELECT group_concat('value ' || value) AS t FROM ${rows}`,
  `SELECT array_agg(value) AS t FROM ${rows}`,
  `SELECT median(value) AS m FROM ${rows}`,
  `SELECT median(DISTINCT value) AS m FROM ${rows}`,
  `SELECT sum(value) OVER (ORDER BY value DESC) AS s FROM ${rows} LIMIT 1`,
  `SELECT count(*) AS n FROM ${rows} AS a JOIN ${rows} AS b ON a.value = b.value`,
  `SELECT count(*) AS n FROM (SELECT value FROM ${rows} INTERSECT SELECT value + 1 FROM ${rows})`,
  `WITH w AS MATERIALIZED (SELECT value FROM ${rows}) SELECT count(*) AS n FROM w AS a, w AS b WHERE a.value + b.value = 2`,
  `WITH RECURSIVE n(x) AS (SELECT 1 UNION SELECT x + 1 FROM n WHERE x < 3000000) SELECT count(*) AS c FROM n`,
  `SELECT length(repeat('x', 100000000)) AS n`,
]

const refused = []
const run = sql => {
  try {
    db.execute(sql)
    return 'done'
  } catch (error) {
    return error.message
  }
}
// What the first statements need once is no growth.
run('SELECT count(*) FROM generate_series(1, 5000) GROUP BY value % 7 ORDER BY 1')
const before = process.memoryUsage().rss
for (const sql of statements) refused.push(run(sql))
console.log(JSON.stringify({ grown: (process.memoryUsage().rss - before) / MIB, refused }))
