import 'server-only'
import { sharedClient } from '@sochdb/next'
import { createClient } from './generated'

/** Opened at the first call: `next build` opens nothing, hot reload opens nothing twice. */
export const db = sharedClient(createClient, { path: process.env.APP_DATABASE ?? './app.soch' })
