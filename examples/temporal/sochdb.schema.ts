import { z } from 'zod'
import { defineSchema, edge, node } from '@sochdb/schema'

export default defineSchema({
  graph: {
    nodes: {
      Device: node('Device', z.object({ room: z.string() })),
      State: node('State', z.object({})),
    },
    edges: {
      // At any time a device is in one state: intervals that overlap are refused.
      IS: edge('IS', 'Device', 'State', z.object({ sensor: z.string().optional() }), {
        temporal: true,
        rule: 'oncePerNode',
      }),
    },
  },
})
