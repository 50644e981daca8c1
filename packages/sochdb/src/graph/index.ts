export {
  Graph,
  GraphReader,
  checkImport,
  defineGraphVerbs,
  explainGraph,
  importPlans,
  planOf,
  runPlan,
} from './graph.js'
export type { GraphPlace, GraphTarget } from './graph.js'
export { graph as nativeGraph } from './native.js'
export type { GraphPlan } from './plans.js'
export type * from './types.js'
export { reading as graphReading, writing as graphWriting } from './verbs.js'
export type { GraphReading, GraphWriting, OfNamespaces } from './verbs.js'
