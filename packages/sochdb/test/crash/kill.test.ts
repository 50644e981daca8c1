/**
 * SIGKILL at random moments: while the store is opened and recovered, while it commits, while it closes. SOCHDB_KILL_ROUNDS and
 * SOCHDB_KILL_SEED make it a longer or another run (`pnpm stress`).
 */
import type { SyncMode } from 'sochdb'

import { temporaryDirectory } from '../support/temporary.js'
import { Killer } from './kill.js'

const directory = temporaryDirectory()
const ROUNDS = Number(process.env['SOCHDB_KILL_ROUNDS'] ?? 5)
const SEED = Number(process.env['SOCHDB_KILL_SEED'] ?? 1)

test.each<[SyncMode, string]>([
  ['full', 'no acknowledged commit is lost'],
  ['normal', 'no acknowledged commit is lost'],
  ['off', 'what is left is a beginning of the history'],
])(
  'a process that is killed, with syncMode %s: %s, and none is half there',
  async syncMode => {
    const killer = new Killer(directory(`killed-${syncMode}`), syncMode, SEED)
    let acknowledged = 0
    for (let round = 0; round < ROUNDS; round++) {
      // Every third one dies early, maybe before it has opened the store.
      const early = round % 3 === 2
      const lines = early ? Infinity : 2 + ((SEED * 7919 + round * 104_729) % (syncMode === 'full' ? 60 : 2000))
      // The others die by what they have said: the time is for a child that hangs.
      const report = await killer.round(lines, early ? 30 + ((SEED * 31 + round * 17) % 200) : 60_000)
      acknowledged += report.acknowledged
    }
    expect(acknowledged).toBeGreaterThan(ROUNDS)
  },
  (ROUNDS + 1) * 60_000,
)
