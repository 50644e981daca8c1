/**
 * Builds hnswlib-node, against which tests compare recall, unless it is built. Its own install script would look for Node's
 * headers on the network.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { nodeGyp } from './gyp.mjs'

const directory = dirname(dirname(createRequire(import.meta.url).resolve('hnswlib-node')))
if (!existsSync(join(directory, 'build', 'Release', 'addon.node')) && !nodeGyp(directory, ['rebuild'])) {
  console.error(
    'hnswlib-node, which tests compare with, did not build. It needs what the engine needs: python3, make, g++ or clang.',
  )
  process.exit(1)
}
