/** What `@sochdb/next` is where there is no Node.js: loading it is an error that says what to do. */
throw new Error(
  '@sochdb/next was loaded for the edge runtime or for the browser, and SochDB works in Node.js alone: it is an addon and files on ' +
    "a disk. In a page or route, remove `export const runtime = 'edge'`; in a component with 'use client', get what it shows from a " +
    'server component, a server action or a route handler.',
)
