/** A graph of people who know each other, picked at random. `node workloads/graph.mjs sochdb` */
import { graphData } from '../lib/graph-data.mjs'
import { measureGraph } from '../lib/graph-measure.mjs'

const sizes = { one: 'about 10 neighbors with their edges', three: 'about 1,000 nodes' }
await measureGraph(process.argv[2], graphData(), sizes)
