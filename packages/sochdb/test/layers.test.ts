import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** Layers of packages/sochdb/src, from the bottom: a folder imports itself and what stands before it. */
const layers = [
  'errors',
  'bytes',
  'engine',
  'kv',
  'sql',
  'search',
  'graph',
  'cache',
  'database',
  'memory',
  'vector',
  'migrate',
  'pull',
  'client',
  'testing',
  'internal',
  'cli',
]
/** Two faces of one thing, which know each other: `db.async` and `asyncDb.database`. */
const faces: Readonly<Record<string, string>> = { async: 'database' }
const levelOf = (folder: string): number => layers.indexOf(faces[folder] ?? folder)

/** What each package may import beside Node's own modules. */
const packages: Readonly<Record<string, readonly string[]>> = {
  native: [],
  schema: ['zod'],
  'packages/sochdb': ['@sochdb/native', '@sochdb/schema'],
  'packages/kysely': ['sochdb', 'kysely'],
  'packages/nestjs': ['sochdb', '@nestjs/common', '@nestjs/core', '@nestjs/terminus'],
  'packages/next': ['sochdb', 'next'],
  generator: ['@sochdb/schema', 'sochdb', 'ts-morph', 'prettier'],
}

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'dist', 'build'].includes(entry.name) ? [] : sources(path)
    return entry.name.endsWith('.ts') ? [path] : []
  })
}

/** Module specifiers of imports and exports, comments and templates left out as far as the line's start tells. */
function imports(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return Array.from(
    text.matchAll(/^(?:import|export)\s[^'"`;]*?\bfrom '([^']+)'|^import '([^']+)'/gm),
    m => (m[1] ?? m[2])!,
  )
}

describe('dependencies point one way', () => {
  const source = join(root, 'packages/sochdb/src')

  it('layers of sochdb import downwards only', () => {
    const upward = sources(source).flatMap(path => {
      const from = relative(source, path).split('/')[0]!
      const level = levelOf(from)
      return imports(path)
        .filter(specifier => specifier.startsWith('.'))
        .map(specifier => relative(source, resolve(dirname(path), specifier)).split('/')[0]!)
        .filter(to => from !== 'index.ts' && levelOf(to) > level)
        .map(to => `${relative(source, path)} imports ${to}`)
    })
    expect(upward).toEqual([])
  })

  it('every folder of sochdb is a layer', () => {
    const folders = readdirSync(source, { withFileTypes: true }).filter(entry => entry.isDirectory())
    expect(folders.map(entry => entry.name).filter(name => levelOf(name) < 0)).toEqual([])
  })

  it.each(Object.entries(packages))('%s imports what it may, and declares it', (directory, allowed) => {
    const manifest = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>
      peerDependencies?: Record<string, string>
    }
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
    // native's one dependency is the tool that builds it.
    expect(Object.keys(declared).filter(name => !allowed.includes(name) && name !== 'node-gyp')).toEqual([])
    if (directory === 'native') return
    const foreign = sources(join(root, directory, 'src')).flatMap(path =>
      imports(path)
        .filter(specifier => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map(specifier =>
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter(name => !allowed.includes(name))
        .map(name => `${relative(root, path)} imports ${name}`),
    )
    expect(foreign).toEqual([])
  })

  it('sochdb never names kysely', () => {
    expect(sources(source).filter(path => imports(path).some(specifier => specifier.includes('kysely')))).toEqual([])
  })
})
