/** What a contract says of graphs and the store keeps: which properties of nodes are indexed, and which intervals must not overlap. */
import type { Contract, EdgeContract, NodeContract } from '@sochdb/schema/contract'
import type { Transaction } from '../database/index.js'

const byName = <Of extends { readonly name: string }>(declared: Readonly<Record<string, Of>> = {}): Map<string, Of> =>
  new Map(Object.values(declared).map(one => [one.name, one]))

/** Brings the graph from one contract to another; undefined: there is none. What both say is left alone. */
export function declareGraph(
  transaction: Transaction,
  before: Contract | undefined,
  after: Contract | undefined,
): void {
  const graph = transaction.graph()
  const each = <Of>(
    was: Map<string, Of>,
    is: Map<string, Of>,
    declare: (name: string, a?: Of, b?: Of) => void,
  ): void => {
    for (const name of new Set([...was.keys(), ...is.keys()])) declare(name, was.get(name), is.get(name))
  }
  const nodes = (contract: Contract | undefined): Map<string, NodeContract> => byName(contract?.nodes)
  const edges = (contract: Contract | undefined): Map<string, EdgeContract> => byName(contract?.edges)
  each(nodes(before), nodes(after), (nodeType, was, is) => {
    const properties = is?.indexed ?? []
    if (String(was?.indexed ?? []) !== String(properties)) graph.setIndexedProperties({ nodeType, properties })
  })
  each(edges(before), edges(after), (edgeType, was, is) => {
    if (was?.rule !== is?.rule) graph.setEdgeRule(edgeType, is?.rule ?? 'any')
  })
}
