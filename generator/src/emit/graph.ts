/** `graph.ts`: nodes and edges, what writes take, walks from type to type, and the interfaces of `db.graph`. */
import type { Contract, EdgeContract, JsonSchema, NodeContract } from '@sochdb/schema'
import { pascal, type TypeNames } from '../contract/naming.js'
import { filterText, named } from './collections.js'
import { doc, Imports, interfaceText, property, quote, type EmittedFile } from './file.js'
import { partHash } from './header.js'
import { hasDefaults } from './json-type.js'
import type { ModelContext } from './model.js'

const client = 'sochdb/client'

/** A type of node or edge with what its generated types begin with: `DocNode`, `CitesEdge`. */
export interface GraphTypeNames {
  /** Property on `db.graph`. */
  readonly key: string
  readonly type: string
}

export interface GraphNames {
  readonly nodes: readonly GraphTypeNames[]
  readonly edges: readonly GraphTypeNames[]
}

export function graphNames({ nodes, edges }: Contract, types: TypeNames): GraphNames {
  const parts = ['', 'Properties', 'Input', 'Patch', 'Filter', 'Model', 'Walk']
  const claim = (key: string, kind: string): GraphTypeNames => {
    const of = (plain: string): string[] => [
      ...parts.map(part => `${plain}${kind}${part}`),
      `New${plain}${kind}`,
      `Sync${plain}${kind}Walk`,
    ]
    return { key, type: `${types.claim([wordsOf(key)], of)}${kind}` }
  }
  return {
    nodes: Object.keys(nodes).map(key => claim(key, 'Node')),
    edges: Object.keys(edges).map(key => claim(key, 'Edge')),
  }
}

/** `WORKS_ON` → `WorksOn`. */
function wordsOf(key: string): string {
  return pascal(key === key.toUpperCase() ? key.toLowerCase() : key)
}

export function emitGraph(context: ModelContext): EmittedFile | undefined {
  const { contract, graph, types } = context
  if (graph.nodes.length === 0) return undefined
  const imports = new Imports()
  const body = [
    ...graph.nodes.map(names => nodeText(names, contract.nodes[names.key]!, imports, types)),
    ...graph.edges.map(names => edgeText(names, contract.edges[names.key]!, imports, types)),
    wholeText(context, imports),
    ...graph.nodes.map(names => walkText(context, names, imports)),
    clientText(context, imports, ''),
    clientText(context, imports, 'Sync'),
  ].join('')
  const made = `graph ${partHash({ nodes: contract.nodes, edges: contract.edges })}`
  return { path: 'graph.ts', made, text: imports.above(body), language: 'typescript', formatted: false }
}

function nodeText(
  { type }: GraphTypeNames,
  { name, properties }: NodeContract,
  imports: Imports,
  types: TypeNames,
): string {
  const node = [`readonly id: string`, `readonly nodeType: ${quote(name)}`, `readonly properties: ${type}Properties`]
  const bundle = ['Patch', 'Filter', 'Walk'].map(part => `readonly ${part}: ${type}${part}`)
  const model = [
    `readonly Node: ${type}`,
    `readonly Input: ${inputOf(type, properties)}`,
    ...bundle,
    `readonly SyncWalk: Sync${type}Walk`,
  ]
  return [
    propertiesText(type, properties, `nodes of type \`${name}\``, types),
    interfaceText(type, node, `A node of type \`${name}\`.`),
    filterText(`${type}Filter`, properties, imports, `Filters of nodes of type \`${name}\`; all of them must hold.`),
    interfaceText(`${type}Model`, model, `All types of nodes of type \`${name}\`.`),
  ].join('')
}

function edgeText({ type }: GraphTypeNames, edge: EdgeContract, imports: Imports, types: TypeNames): string {
  const { name, from, to, properties, temporal } = edge
  const ends = (kind: string): string[] => [
    `readonly fromId: string`,
    ...(kind === '' ? [] : [kind]),
    `readonly toId: string`,
  ]
  const written = inputOf(type, properties)
  const isOptional = !Array.isArray(properties['required']) || properties['required'].length === 0
  const moment = imports.type(client, 'Moment')
  const held = ['readonly validFrom: number', `${doc('0: it still holds.')}  readonly validUntil: number`]
  const holding = [`readonly validFrom: ${moment}`, `${doc('Default: open.')}  readonly validUntil?: ${moment}`]
  const read = [...ends(`readonly edgeType: ${quote(name)}`), `readonly properties: ${type}Properties`]
  const added = [...ends(''), `readonly properties${isOptional ? '?' : ''}: ${written}`]
  const model = [`readonly Edge: ${type}`, `readonly New: New${type}`, `readonly Patch: ${type}Patch`]
  const what = `\`${name}\`, from \`${from}\` to \`${to}\``
  return [
    propertiesText(type, properties, `edges of type \`${name}\``, types),
    interfaceText(type, [...read, ...(temporal ? held : [])], `An edge ${what}.`),
    interfaceText(`New${type}`, [...added, ...(temporal ? holding : [])], `An edge ${what}, as it is added.`),
    interfaceText(`${type}Model`, model, `All types of edges of type \`${name}\`.`),
  ].join('')
}

function inputOf(type: string, properties: JsonSchema): string {
  return hasDefaults(properties) ? `${type}Input` : `${type}Properties`
}

/** Properties as they are read, as they are written where that differs, and changes of them. */
function propertiesText(type: string, schema: JsonSchema, what: string, types: TypeNames): string {
  const input = inputOf(type, schema)
  const loose = { ...schema, required: [] }
  return [
    named(`${type}Properties`, schema, 'output', `Properties of ${what}.`, types),
    input === `${type}Properties`
      ? ''
      : named(
          input,
          schema,
          'input',
          `Properties of ${what} as they are written: what has a default may be left out.`,
          types,
        ),
    named(`${type}Patch`, loose, 'input', `What changes of ${what}; undefined takes away.`, types),
  ].join('')
}

/** What reads over all types give. */
function wholeText({ contract, graph }: ModelContext, imports: Imports): string {
  const isOpen = Object.values(contract.edges).some(({ open }) => open)
  const nodes = [...graph.nodes.map(({ type }) => type), ...(isOpen ? [imports.type(client, 'MissingNode')] : [])]
  const edges = graph.edges.map(({ type }) => type)
  return [
    `${doc('A node of the schema.')}export type AnyNode = ${nodes.join(' | ')}\n\n`,
    `${doc('An edge of the schema.')}export type AnyEdge = ${edges.join(' | ') || 'never'}\n\n`,
    `${doc('A way that a walk takes.')}export type GraphWay = ${imports.type(client, 'TypedSubgraph')}<AnyNode, AnyEdge>\n\n`,
  ].join('')
}

/** A step for every edge that leads on from nodes of this type. */
function walkText({ contract, graph }: ModelContext, { key, type }: GraphTypeNames, imports: Imports): string {
  const here = contract.nodes[key]!.name
  const typeOf = (name: string): string => graph.nodes.find(node => contract.nodes[node.key]!.name === name)!.type
  const step = imports.type(client, 'WalkStep')
  const edges = Object.values(contract.edges)
  const ways = [
    ...edges.filter(({ from }) => from === here).map(({ name, to }) => ({ verb: 'out', name, to: typeOf(to) })),
    ...edges.filter(({ to }) => to === here).map(({ name, from }) => ({ verb: 'in', name, to: typeOf(from) })),
    ...edges
      .filter(({ from, to }) => from === here && to === here)
      .map(({ name }) => ({ verb: 'both', name, to: type })),
  ]
  return ['', 'Sync']
    .map(prefix => {
      const members = ways.map(
        ({ verb, name, to }) => `${verb}(edgeType: ${quote(name)}, step?: ${step}<${to}Filter>): ${prefix}${to}Walk`,
      )
      const base = `${imports.type(client, `${prefix}GraphWalk`)}<${type}, GraphWay>`
      const comment = `A walk that has come to nodes of type \`${here}\`${prefix === '' ? '' : ', on the calling thread'}.`
      return interfaceText(`${prefix}${type}Walk`, members, comment, base)
    })
    .join('')
}

function clientText({ contract, graph }: ModelContext, imports: Imports, prefix: '' | 'Sync'): string {
  const nodes = graph.nodes.map(
    ({ key, type }) => `readonly ${property(key)}: ${imports.type(client, `${prefix}GraphNodes`)}<${type}Model>`,
  )
  const edges = graph.edges.map(({ key, type }) => {
    const kind = contract.edges[key]!.temporal ? 'TemporalGraphEdges' : 'GraphEdges'
    return `readonly ${property(key)}: ${imports.type(client, `${prefix}${kind}`)}<${type}Model>`
  })
  const base = `${imports.type(client, `${prefix}TypedGraph`)}<AnyNode, AnyEdge>`
  const comment = prefix === '' ? 'The graph of the schema.' : 'The graph of the schema, on the calling thread.'
  return interfaceText(`${prefix}GraphClient`, [...nodes, ...edges], comment, base)
}
