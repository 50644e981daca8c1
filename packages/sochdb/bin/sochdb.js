#!/usr/bin/env node
// The command `sochdb`. Committed, so that package managers can link it before anything is built.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(fileURLToPath(main))) {
  await import(main.href)
} else {
  process.stderr.write('sochdb is not built. Run: pnpm build\n')
  process.exitCode = 2
}
