/** WordNet's nouns and verbs, from meaning to wider meaning and back. `node workloads/graph-wordnet.mjs sochdb` */
import { wordnetGraph } from '../lib/graph-data.mjs'
import { measureGraph } from '../lib/graph-measure.mjs'

await measureGraph(process.argv[2], wordnetGraph(), {
  one: 'wider and narrower meanings with their edges',
  three: 'about 145 nodes',
})
