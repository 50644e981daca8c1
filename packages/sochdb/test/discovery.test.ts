import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory()
const source = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'native')
const platform = Object.entries(
  (await import(join(source, 'platforms.cjs'))).default.platforms as Record<string, { os: string; cpu: string }>,
).find(([, { os, cpu }]) => os === process.platform && cpu === process.arch)![0]

/** The addon that these tests run on. */
function builtAddon(): string {
  const named = process.env['SOCHDB_LIB_PATH'] ?? join(source, 'build', 'Release')
  return existsSync(join(named, 'sochdb.node')) ? join(named, 'sochdb.node') : named
}

/** A folder with `@sochdb/native` as it is installed, without any addon. */
class Installation {
  readonly root: string
  readonly native: string
  readonly system: readonly string[]

  constructor(name: string, version?: string) {
    const root = directory(name)
    this.native = join(root, 'node_modules', '@sochdb', 'native')
    mkdirSync(this.native, { recursive: true })
    this.root = realpathSync(root)
    this.native = realpathSync(this.native)
    this.system = ['first', 'second'].map(folder => join(this.root, folder))
    for (const file of ['index.cjs', 'locate.cjs', 'platforms.cjs'])
      copyFileSync(join(source, file), join(this.native, file))
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Record<string, unknown>
    writeFileSync(join(this.native, 'package.json'), JSON.stringify({ ...manifest, ...(version && { version }) }))
  }

  /** Puts the addon there, or other content under its name. */
  addon(folder: string, content?: string): string {
    const path = join(folder, 'sochdb.node')
    mkdirSync(folder, { recursive: true })
    if (content === undefined) copyFileSync(builtAddon(), path)
    else writeFileSync(path, content)
    return path
  }

  /** The optional package of this platform. */
  bundled(content?: string): string {
    const folder = join(this.root, 'node_modules', '@sochdb', `native-${platform}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: `@sochdb/native-${platform}`, main: 'sochdb.node' }),
    )
    return this.addon(folder, content)
  }

  /** The file that a process loads, or what the process says. */
  loaded(libraryPath?: string): string {
    const program = `const { load } = require(${JSON.stringify(join(this.native, 'locate.cjs'))})
      const addon = load({ systemFolders: ${JSON.stringify(this.system)} })
      if (typeof addon.open !== 'function') throw new Error('This is no engine.')
      console.log(Object.keys(require.cache).filter(path => path.endsWith('.node')).at(-1))`
    return this.run(program, libraryPath)
  }

  run(program: string, libraryPath?: string): string {
    const env: NodeJS.ProcessEnv = { ...process.env, SOCHDB_LIB_PATH: libraryPath }
    if (libraryPath === undefined) delete env['SOCHDB_LIB_PATH']
    const child = spawnSync(process.execPath, ['-e', program], { cwd: this.root, encoding: 'utf8', env })
    return child.status === 0 ? child.stdout.trimEnd() : child.stderr
  }
}

describe('where the engine is looked for', () => {
  test('what SOCHDB_LIB_PATH names comes first, a file or its folder', () => {
    const at = new Installation('named')
    const named = at.addon(join(at.root, 'named'))
    at.bundled()
    expect(at.loaded(named)).toBe(named)
    expect(at.loaded(dirname(named))).toBe(named)
  })

  test('SOCHDB_LIB_PATH that names nothing is an error, whatever lies elsewhere', () => {
    const at = new Installation('named-nothing')
    at.bundled()
    expect(at.loaded(join(at.root, 'nothing'))).toMatch(
      /SOCHDB_LIB_PATH names ".*nothing", where there is no sochdb\.node\. Correct the path, or unset the variable/,
    )
  })

  test('SOCHDB_LIB_PATH that names something else is an error that says what to do', () => {
    const at = new Installation('named-other')
    at.bundled()
    const message = at.loaded(process.execPath)
    expect(message).toMatch(/could not be loaded on .*Looked at:\n.*does not load/)
    expect(message).toMatch(/Correct SOCHDB_LIB_PATH or unset it\..*node native\/build\.mjs/)
    expect(message).not.toContain(`@sochdb/native-${platform} `)
  })

  test('then the package of the platform, the folder of @sochdb/native, its development builds, the system', () => {
    const at = new Installation('order')
    const places = [
      () => at.addon(at.system[1]!),
      () => at.addon(at.system[0]!),
      () => at.addon(join(at.native, 'build', 'Debug')),
      () => at.addon(join(at.native, 'build', 'Release')),
      () => at.addon(at.native),
      () => at.bundled(),
    ]
    for (const put of places) {
      const path = put()
      expect(at.loaded()).toBe(path)
    }
  })

  test('the folders of the system are those of libraries', () => {
    const at = new Installation('system')
    const names = at.run(
      `console.log(require('@sochdb/native/locate.cjs').places().map(place => place.name).slice(-2).join(' '))`,
    )
    expect(names).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED')
    const locate = JSON.stringify(join(at.native, 'locate.cjs'))
    expect(at.run(`console.log(require(${locate}).places().map(place => place.name).slice(-2).join(' '))`)).toBe(
      '/usr/local/lib/sochdb.node /usr/lib/sochdb.node',
    )
  })

  test('what does not load is passed over', () => {
    const at = new Installation('broken')
    at.bundled('this is no library')
    at.addon(at.native, '')
    const built = at.addon(join(at.native, 'build', 'Release'))
    expect(at.loaded()).toBe(built)
  })

  test('nor is an engine of another version taken, but from a development build', () => {
    const at = new Installation('version', '9.8.7')
    at.bundled()
    at.addon(at.system[0]!)
    const message = at.loaded()
    expect(message).toMatch(
      new RegExp(`@sochdb/native-${platform} is of SochDB \\d+\\.\\d+\\.\\d+\\S*, where 9\\.8\\.7 is wanted`),
    )
    expect(message).toMatch(/first\/sochdb\.node is of SochDB/)
    const built = at.addon(join(at.native, 'build', 'Release'))
    expect(at.loaded()).toBe(built)
    expect(at.loaded(at.system[0])).toMatch(/is of SochDB .*, where 9\.8\.7 is wanted/)
  })

  test('where there is none, the error names every place in order and says what to do', () => {
    const at = new Installation('none')
    at.addon(at.system[1]!, 'this is no library')
    const program = `try { require(${JSON.stringify(join(at.native, 'locate.cjs'))}).load({ systemFolders: ${JSON.stringify(at.system)} }) }
      catch ({ code, message, places }) { console.log(JSON.stringify({ code, message, places })) }`
    const { code, message, places } = JSON.parse(at.run(program)) as { code: string; message: string; places: string[] }
    expect(code).toBe('ERR_SOCHDB_ENGINE_NOT_LOADED')
    expect(places.slice(0, -1)).toEqual([
      'SOCHDB_LIB_PATH is not set',
      `@sochdb/native-${platform} is not installed`,
      `${at.native}/sochdb.node is not there`,
      `${at.native}/build/Release/sochdb.node is not there`,
      `${at.native}/build/Debug/sochdb.node is not there`,
      `${at.system[0]!}/sochdb.node is not there`,
    ])
    expect(places.at(-1)).toContain(`${at.system[1]!}/sochdb.node does not load: `)
    for (const place of places) expect(message).toContain(`\n  ${place}\n`)
    expect(message).toContain(`Install the prebuilt package of this platform, @sochdb/native-${platform}`)
    expect(message).toContain('npm install --include=optional')
    expect(message).toContain('node native/build.mjs')
  })

  test('importing sochdb without an engine ends with that error', () => {
    const at = new Installation('import')
    const message = at.run(`require('@sochdb/native')`)
    expect(message).toContain('The SochDB engine could not be loaded')
    expect(message).toContain('ERR_SOCHDB_ENGINE_NOT_LOADED')
  })

  test('a platform without a package is told to build', () => {
    const at = new Installation('foreign')
    const program = `Object.defineProperty(process, 'arch', { value: 'riscv64' })
      require(${JSON.stringify(join(at.native, 'locate.cjs'))}).load({ systemFolders: [] })`
    expect(at.run(program)).toMatch(/There is no prebuilt package for this platform: build the engine/)
  })
})
