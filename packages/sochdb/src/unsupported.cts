/** What `sochdb` is where there is no Node.js (edge runtimes, Workers, browsers): loading it is an error that says what to do. */
throw new Error(
  'sochdb was loaded for an edge runtime or for the browser, and it works in Node.js alone: it is an addon and files on a disk. ' +
    "Run this code on a server with Node.js. In Next.js: remove `export const runtime = 'edge'`; in a component with 'use client', " +
    'get what it shows from a server component, a server action or a route handler.',
)
