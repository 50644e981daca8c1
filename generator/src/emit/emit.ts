import type { Contract } from '@sochdb/schema'
import { modelNames, TypeNames } from '../contract/naming.js'
import { cacheNames, emitCaches } from './caches.js'
import { emitClient, emitContract, emitIndex } from './client.js'
import { CodecNames, emitCodecs } from './codecs.js'
import { collectionNames, emitCollections } from './collections.js'
import { emitDiagram } from './erd.js'
import type { EmittedFile } from './file.js'
import { emitGraph, graphNames } from './graph.js'
import { jsonMark } from './header.js'
import { emitKeySpaces, keySpaceNames } from './kv.js'
import { emitDatabase, emitModel, type ModelContext } from './model.js'
import { emitValidators } from './zod.js'

/** What generated files say of where they come from, and how they import each other. */
export interface EmitOptions {
  /** The schema file, relative to the output directory, for headers. */
  readonly source: string
  readonly importExtension: string
}

/** Every file that a contract gives rise to, by path. A function of its arguments alone. */
export function emit(contract: Contract, contractHash: string, options: EmitOptions): EmittedFile[] {
  const types = new TypeNames()
  const names = modelNames(contract, types)
  const collections = collectionNames(contract, types)
  const caches = cacheNames(contract, types)
  const graph = graphNames(contract, types)
  const keySpaces = keySpaceNames(contract, types)
  const { importExtension } = options
  const codecs = new CodecNames(options.source, types)
  const declared = { contract, names, collections, caches, graph, keySpaces, codecs }
  const context: ModelContext = { ...declared, encoded: new Map(), types, importExtension }
  const parts = [emitCollections(context), emitCaches(context), emitGraph(context), emitKeySpaces(context)]
  const models = [...names.keys()].flatMap(key => [emitModel(context, key), emitValidators(context, key)])
  const code = emitCodecs(contract, codecs, context.encoded, importExtension)
  const files = [
    ...models,
    ...(code === undefined ? [] : [code]),
    emitClient(context, contractHash),
    ...parts.filter(file => file !== undefined),
    emitContract(contract, contractHash),
    contractJson(contract, contractHash, options.source),
    emitDatabase(context),
    emitIndex(context, contractHash),
    emitDiagram(contract),
  ]
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** `contract.json`: the contract for programs, with its hash. */
function contractJson(contract: Contract, contractHash: string, source: string): EmittedFile {
  const text = `${JSON.stringify({ generated: jsonMark(source), contractHash, contract }, null, 2)}\n`
  return { path: 'contract.json', made: contractHash, text, language: 'json', formatted: true }
}
