/** `codecs.ts`: the code behind columns with codecs, checked against what the columns hold. And what generated files call their types. */
import type { CodecContract, Contract } from '@sochdb/schema'
import { posix } from 'node:path'
import type { TypeNames } from '../contract/naming.js'
import { Imports, property, type EmittedFile } from './file.js'
import { partHash } from './header.js'
import type { StoredTypes } from './column-type.js'

/** Codecs of one contract, with where they are found from the output directory. */
export class CodecNames {
  readonly #directory: string
  readonly #types: TypeNames
  readonly #names = new Map<string, string>()

  /** `source`: the schema file from the output directory, which paths of codecs begin at. */
  constructor(source: string, types: TypeNames) {
    this.#directory = posix.dirname(source)
    this.#types = types
  }

  /** Imports the type that the application sees, and returns its name: another one where a generated type has that. */
  type({ module, type }: CodecContract, imports: Imports, folder: '.' | 'models' = 'models'): string {
    const path = this.module(module, folder)
    const key = `${module} ${type}`
    let name = this.#names.get(key)
    if (name === undefined) this.#names.set(key, (name = this.#types.claim([type, `${type}Value`])))
    imports.type(path, name === type ? type : `${type} as ${name}`)
    return name
  }

  /** A module that the schema names, as a file in `folder` names it. */
  module(module: string, folder: '.' | 'models'): string {
    if (!module.startsWith('.')) return module
    const path = posix.join(folder === '.' ? '.' : '..', this.#directory, module)
    return path.startsWith('.') ? path : `./${path}`
  }
}

/** A column with a codec, and what it holds. */
export interface EncodedColumn {
  readonly name: string
  readonly codec: CodecContract
  readonly stored: StoredTypes
}

/** `undefined`: no column has a codec. */
export function emitCodecs(
  contract: Contract,
  names: CodecNames,
  columns: ReadonlyMap<string, readonly EncodedColumn[]>,
  importExtension: string,
): EmittedFile | undefined {
  const imports = new Imports()
  const values = new Map<string, string>()
  const valueOf = ({ module, name }: CodecContract): string => {
    const key = `${module} ${name}`
    let local = values.get(key)
    if (local === undefined) {
      const taken = new Set(values.values())
      local = `${name}Codec`
      for (let n = 2; taken.has(local); n++) local = `${name}Codec${String(n)}`
      values.set(key, local)
    }
    imports.value(names.module(module, '.'), `${name} as ${local}`)
    return local
  }
  const tables = [...columns].flatMap(([key, encoded]) => {
    if (encoded.length === 0) return []
    const members = encoded.map(({ name, codec, stored }) => {
      const value = names.type(codec, imports, '.')
      for (const type of stored.named) imports.type(`./models/${key}${importExtension}`, type)
      for (const type of stored.imported) imports.type('sochdb/client', type)
      const types = stored.read === stored.write ? stored.read : `${stored.read}, ${stored.write}`
      const checked = `${imports.type('sochdb/client', 'Codec')}<${value}, ${types}>`
      return `    ${property(name)}: ${valueOf(codec)} satisfies ${checked},\n`
    })
    return [`  ${property(key)}: {\n${members.join('')}  },\n`]
  })
  if (tables.length === 0) return undefined
  const comment =
    '/** What stands between columns and the application; the compiler checks that it fits what is stored. */\n'
  const text = imports.above(`${comment}export const codecs = {\n${tables.join('')}}\n`)
  const parts = Object.values(contract.tables).map(table => table.columns.filter(column => column.codec !== undefined))
  return { path: 'codecs.ts', made: `tables ${partHash(parts)}`, text, language: 'typescript', formatted: false }
}
