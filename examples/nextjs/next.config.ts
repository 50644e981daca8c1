import { withSochdb } from '@sochdb/next'

export default withSochdb({
  // A folder with a server and all that it loads: `node .next/standalone/examples/nextjs/server.js`.
  output: process.env.STANDALONE === 'true' ? 'standalone' : undefined,
})
