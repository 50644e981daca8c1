// Migrates a store, and kills itself where it is told: before the step, the commit or the move of that number.
//
//   node migrate-child.mjs <path> <folder of migrations> <number>
import { Database, migrate } from 'sochdb'

const [, , path, dir, last] = process.argv
let seen = 0
await migrate(Database.open(path, { logLevel: 'off' }), {
  dir,
  allow: 'destructive',
  backup: false,
  onProgress: () => {
    if (++seen === Number(last)) process.kill(process.pid, 'SIGKILL')
  },
})
process.stdout.write('done\n')
process.kill(process.pid, 'SIGKILL')
