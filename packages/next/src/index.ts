export { withSochdb } from './config.js'
export type { NextConfigFunction, SochdbNextOptions } from './config.js'
export { closeShared, sharedClient } from './client.js'
export type { SharedClientOptions } from './client.js'
