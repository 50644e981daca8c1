/** States of devices over time. Times are moments of the home (valid time); when the database learned of them is another matter. */
import type { Client } from '../sochdb/generated/index.js'

/** Hours and minutes of the day that this example is about. */
export const at = (time: string): Date => new Date(`2026-03-01T${time}:00Z`)
const clock = (ms: number): string => (ms === 0 ? 'now' : new Date(ms).toISOString().slice(11, 16))

/** What the sensors saw in the morning. Does nothing where that is recorded already. */
export async function recordMorning(db: Client): Promise<void> {
  const { Device, State, IS } = db.graph
  if ((await Device.get('door_front')) !== undefined) return
  await db.$transaction(async ({ graph }) => {
    await graph.Device.add('door_front', { room: 'hall' })
    await graph.Device.add('light_living', { room: 'living room' })
    await graph.State.addMany(['open', 'closed', 'on', 'off'].map(id => ({ id, properties: {} })))
    const door = { fromId: 'door_front', properties: { sensor: 'magnet_1' } }
    await graph.IS.add({ ...door, toId: 'closed', validFrom: at('06:00'), validUntil: at('10:00') })
    await graph.IS.add({ ...door, toId: 'open', validFrom: at('10:00'), validUntil: at('11:00') })
    await graph.IS.add({ ...door, toId: 'closed', validFrom: at('11:00') })
    await graph.IS.add({ fromId: 'light_living', toId: 'on', validFrom: at('09:30') })
  })
  await State.add('jammed', {})
  // The light goes off at noon: what it was until then stays as it is.
  await IS.end('light_living', 'on', at('12:00'))
  await IS.add({ fromId: 'light_living', toId: 'off', validFrom: at('12:00') })
}

/** What a device was at a moment: `undefined` where nothing is known. */
export async function stateAt(db: Client, device: string, time: Date): Promise<string | undefined> {
  const [state] = await db.graph.Device(device).out('IS').ids({ validAt: time })
  return state
}

/** All that happened to a device, in order; within a window where one is given. */
export async function history(db: Client, device: string, from?: Date, until?: Date): Promise<string[]> {
  const edges = await db.graph.IS.history(device, {
    ...(from === undefined ? {} : { startTime: from }),
    ...(until === undefined ? {} : { endTime: until }),
  })
  return edges.map(({ toId, validFrom, validUntil }) => `${toId} ${clock(validFrom!)}-${clock(validUntil!)}`)
}

/** Everything that was in a state at a moment, found from the state's side. */
export function devicesThatWere(db: Client, state: string, time: Date): Promise<string[]> {
  return db.graph.State(state).in('IS').ids({ validAt: time })
}
