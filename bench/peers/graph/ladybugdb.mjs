import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Cypher, prepared statements; loaded from CSV files, as it recommends. */
export async function open(dir) {
  const { Connection, Database } = await import('@ladybugdb/core')
  const database = new Database(join(dir, 'graph.lbug'))
  const connection = new Connection(database)
  const query = async text => (await connection.query(text)).getAll()
  await query('CREATE NODE TABLE Person(id STRING, name STRING, age INT64, PRIMARY KEY(id))')
  await query('CREATE REL TABLE Knows(FROM Person TO Person, since INT64)')
  const statements = {}
  const run = async (name, values) => (await connection.execute(statements[name], values)).getAll()
  return {
    isAsync: true,
    async load(nodes, edges) {
      const [people, knows] = [join(dir, 'people.csv'), join(dir, 'knows.csv')]
      writeFileSync(people, nodes.map(({ id, name, age }) => `${id},${name},${age}\n`).join(''))
      writeFileSync(knows, edges.map(({ from, to, since }) => `${from},${to},${since}\n`).join(''))
      await query(`COPY Person FROM '${people}'`)
      await query(`COPY Knows FROM '${knows}'`)
      const prepare = async (name, text) => (statements[name] = await connection.prepare(text))
      await prepare('neighbors', 'MATCH (a:Person {id: $id})-[e:Knows]->(b:Person) RETURN b, e')
      await prepare('within', 'MATCH (a:Person {id: $id})-[:Knows*0..3]->(b:Person) RETURN DISTINCT b')
      await prepare(
        'path',
        'MATCH p = (a:Person {id: $from})-[:Knows* SHORTEST 1..30]->(b:Person {id: $to}) RETURN length(p) AS length',
      )
    },
    neighbors: id => run('neighbors', { id }),
    within: id => run('within', { id }),
    path: async (from, to) => Number((await run('path', { from, to }))[0]?.length),
    async close() {
      await connection.close()
      await database.close()
    },
  }
}
