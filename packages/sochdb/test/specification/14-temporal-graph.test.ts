import type { Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

const now = Date.now()
const hour = 60 * 60 * 1000

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  // Adding Temporal Edges
  db.addTemporalEdge({
    namespace: 'smart_home',
    fromId: 'door_front',
    edgeType: 'STATE',
    toId: 'open',
    validFrom: now - hour,
    validUntil: now,
    properties: { sensor: 'motion_1', confidence: 0.95 },
  })
  db.addTemporalEdge({
    namespace: 'smart_home',
    fromId: 'light_living',
    edgeType: 'STATE',
    toId: 'on',
    validFrom: now,
    validUntil: 0,
    properties: { brightness: '80%', color: 'warm' },
  })
})
afterEach(() => db.close())

describe('14 Temporal Graph (Time-Travel)', () => {
  test('Time-Travel Queries', () => {
    const door = { namespace: 'smart_home', nodeId: 'door_front' } as const
    const current = db.queryTemporalGraph({ ...door, mode: 'CURRENT', edgeType: 'STATE' })
    expect(current[0]?.toId ?? 'unknown').toBe('unknown') // it closed at `now`

    const at = (timestamp: number) => db.queryTemporalGraph({ ...door, mode: 'POINT_IN_TIME', timestamp })
    expect(at(now - 1.5 * hour).some(edge => edge.toId === 'open')).toBe(false)
    expect(at(now - 0.5 * hour).some(edge => edge.toId === 'open')).toBe(true)
    expect(at(now - hour)).toHaveLength(1)
    expect(at(now)).toHaveLength(0)

    const edges = db.queryTemporalGraph({ ...door, mode: 'RANGE', startTime: now - hour, endTime: now })
    expect(edges).toEqual([
      {
        fromId: 'door_front',
        edgeType: 'STATE',
        toId: 'open',
        validFrom: now - hour,
        validUntil: now,
        properties: { sensor: 'motion_1', confidence: 0.95 },
      },
    ])
  })

  test('End a Temporal Edge', () => {
    const light = { namespace: 'smart_home', fromId: 'light_living', edgeType: 'STATE', toId: 'on' }
    const isOn = (timestamp: number): boolean =>
      db.queryTemporalGraph({ namespace: 'smart_home', nodeId: 'light_living', mode: 'POINT_IN_TIME', timestamp })
        .length > 0
    expect(isOn(now + 2 * hour)).toBe(true)
    expect(db.endTemporalEdge({ ...light, endTime: now + hour })).toBe(true)
    expect(isOn(now + hour - 1)).toBe(true)
    expect(isOn(now + 2 * hour)).toBe(false)
  })
})
