import 'server-only'
import { sharedClient } from '@sochdb/next'
import { createClient } from './generated'

/** The library. Opened at the first read or write: `next build` opens nothing, hot reload opens nothing twice. */
export const db = sharedClient(createClient, { path: process.env.LIBRARY_PATH ?? './library.soch' })
