import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withSochdb } from '@sochdb/next'
import type { NextConfig } from 'next'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..', '..')
const addon = join(root, 'native', 'build', 'Release', 'sochdb.node')
const context = { defaultConfig: {} }

const globsOf = (config: NextConfig): string[] => config.outputFileTracingIncludes?.['/*'] ?? []

describe('withSochdb', () => {
  it('keeps what is native out of the bundle, and the addon among the files', () => {
    const config = withSochdb()
    expect(config.serverExternalPackages).toEqual(
      expect.arrayContaining(['sochdb', '@sochdb/native', '@sochdb/kysely', '@sochdb/next', 'kysely']),
    )
    expect(globsOf(config)).toEqual([relative(process.cwd(), addon)])
    expect(existsSync(globsOf(config)[0]!)).toBe(true)
  })

  it('names the addon from the folder of the project', () => {
    const config = withSochdb({}, { projectDir: here })
    expect(globsOf(config)).toEqual(['../../../native/build/Release/sochdb.node'])
  })

  it('adds to what is there, and leaves all else', () => {
    const given: NextConfig = {
      reactStrictMode: true,
      serverExternalPackages: ['sharp', 'sochdb'],
      outputFileTracingIncludes: { '/*': ['a.txt'], '/api/*': ['b.txt'] },
    }
    const before = structuredClone(given)
    const config = withSochdb(given)
    expect(config.reactStrictMode).toBe(true)
    expect(config.serverExternalPackages!.slice(0, 3)).toEqual(['sharp', 'sochdb', '@sochdb/native'])
    expect(config.outputFileTracingIncludes).toEqual({
      '/*': ['a.txt', relative(process.cwd(), addon)],
      '/api/*': ['b.txt'],
    })
    expect(given).toEqual(before)
    expect(withSochdb(config)).toEqual(config)
  })

  it('takes a promise', async () => {
    const config = await withSochdb(Promise.resolve({ basePath: '/app' }))
    expect(config).toEqual(withSochdb({ basePath: '/app' }))
  })

  it.each([
    ['a function', (phase: string) => ({ env: { phase } })],
    ['an asynchronous function', async (phase: string) => ({ env: { phase } })],
  ])('takes %s', async (_what, given) => {
    const config = await withSochdb(given)('phase-test', context)
    expect(config).toEqual(withSochdb({ env: { phase: 'phase-test' } }))
  })

  it('gives a function what Next.js gives it', async () => {
    const seen: unknown[] = []
    const config = withSochdb((phase, given) => {
      seen.push(phase, given)
      return {}
    })
    await config('phase-test', context)
    expect(seen).toEqual(['phase-test', context])
  })

  it('refuses to have its packages bundled', () => {
    expect(() => withSochdb({ transpilePackages: ['lib', 'sochdb'] })).toThrow(
      '"sochdb" cannot be bundled. Remove it from transpilePackages',
    )
  })

  it('refuses what is no configuration', async () => {
    expect(() => withSochdb('reactStrictMode' as never)).toThrow(TypeError)
    expect(() => withSochdb(null as never)).toThrow(TypeError)
    await expect(withSochdb((() => undefined) as never as () => NextConfig)('x', context)).rejects.toThrow(TypeError)
  })
})
