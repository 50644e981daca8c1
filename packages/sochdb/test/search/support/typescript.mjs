/**
 * Lets a plain Node process or a worker run the TypeScript sources: `node --import <this file> program.ts`. Jest transforms
 * what it loads itself; what a test starts beside itself, it does not.
 */
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
