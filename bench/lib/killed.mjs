/** Writes records to a store one by one, and dies before it could close it: `node lib/killed.mjs <peer> <directory> <records>`. */
import { engines } from '../peers/engine.mjs'
import { key, text } from './data.mjs'

const [peer, dir, records] = process.argv.slice(2)
const store = await engines[peer](dir)
for (let i = 0; i < Number(records); i++) {
  const done = store.put(key(i), text(i))
  if (done instanceof Promise) await done
}
process.kill(process.pid, 'SIGKILL')
