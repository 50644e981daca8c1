export * from './nodes.js'
export * from './print.js'
export * from './walk.js'
