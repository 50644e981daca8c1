/** The graph of a small company: what is in it, and what it can be asked. */
import type { Client } from '../sochdb/generated/index.js'

/** Writes all of it in one transaction. Adding what is there replaces it, so running this again changes nothing. */
export async function build(db: Client): Promise<void> {
  await db.$transaction(async ({ graph }) => {
    await graph.Person.addMany([
      { id: 'alice', properties: { name: 'Alice', role: 'engineer' } },
      { id: 'bob', properties: { name: 'Bob', role: 'manager' } },
      { id: 'carol', properties: { name: 'Carol', role: 'engineer' } },
    ])
    await graph.Project.addMany([
      { id: 'project_ai', properties: { status: 'active', budget: 100_000 } },
      { id: 'project_web', properties: { status: 'done', budget: 20_000 } },
    ])
    await graph.Team.add('ml_team', { size: 5 })

    await graph.WORKS_ON.addMany([
      { fromId: 'alice', toId: 'project_ai', properties: { as: 'lead' } },
      { fromId: 'alice', toId: 'project_web' },
      { fromId: 'carol', toId: 'project_ai' },
    ])
    await graph.MANAGES.add({ fromId: 'bob', toId: 'project_ai' })
    await graph.MEMBER_OF.addMany([
      { fromId: 'alice', toId: 'ml_team' },
      { fromId: 'carol', toId: 'ml_team' },
    ])
    await graph.LEADS.add({ fromId: 'bob', toId: 'ml_team' })
  })
}

/** The projects that somebody works on: one step along an edge. */
export function projectsOf(db: Client, person: string): Promise<string[]> {
  return db.graph.Person(person).out('WORKS_ON').ids()
}

/** Who manages the projects that somebody works on: out along one edge, and in along another. */
export async function managersOf(db: Client, person: string): Promise<string[]> {
  const managers = await db.graph.Person(person).out('WORKS_ON').in('MANAGES').nodes()
  return managers.map(({ properties }) => properties.name)
}

/** Who else works on an active project of somebody. */
export async function colleaguesOf(db: Client, person: string): Promise<string[]> {
  const active = { where: { status: 'active' } } as const
  const colleagues = await db.graph.Person(person).out('WORKS_ON', active).in('WORKS_ON').nodes()
  return colleagues.map(({ properties }) => properties.name)
}

/** How two of anything are connected, whichever way the edges point. */
export async function connection(db: Client, fromId: string, toId: string): Promise<string> {
  const path = await db.graph.findPath({ fromId, toId, direction: 'both' })
  return path === undefined ? 'not at all' : path.nodes.map(({ id }) => id).join(' - ')
}

/** Engineers of a team that Bob leads, found as a pattern that begins at an indexed property. */
export async function engineersLedByBob(db: Client): Promise<string[]> {
  const found = await db.graph.match({
    nodeTypes: ['Person'],
    nodeFilter: { role: 'engineer' },
    steps: [{ edgeTypes: ['MEMBER_OF'] }, { edgeTypes: ['LEADS'], direction: 'incoming', nodeFilter: { name: 'Bob' } }],
  })
  return found.map(({ nodes }) => nodes[0]!.id)
}
