/** The verbs of graphs as plans, by their names. */
export * from './changes.js'
export type { GraphPlan } from './plan.js'
export * from './reads.js'
