import { z } from 'zod'
import { defineSchema, edge, node } from '@sochdb/schema'

export default defineSchema({
  graph: {
    nodes: {
      Person: node('Person', z.object({ name: z.string(), role: z.string() }), { indexed: ['role'] }),
      Project: node('Project', z.object({ status: z.enum(['active', 'done']), budget: z.int() })),
      Team: node('Team', z.object({ size: z.int() })),
    },
    edges: {
      WORKS_ON: edge('WORKS_ON', 'Person', 'Project', z.object({ as: z.string().default('member') })),
      MANAGES: edge('MANAGES', 'Person', 'Project'),
      MEMBER_OF: edge('MEMBER_OF', 'Person', 'Team'),
      LEADS: edge('LEADS', 'Person', 'Team'),
    },
  },
})
