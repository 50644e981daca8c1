/** `withSochdb`: what the build of Next.js has to know of SochDB. */
import type { NextConfig } from 'next'
import { addonGlobs } from './addon-files.js'

/** Packages that Node.js loads by itself: an addon cannot be bundled, and the rest has to be there once, not once in every bundle. */
const externalPackages = ['sochdb', '@sochdb/native', '@sochdb/schema', '@sochdb/kysely', '@sochdb/next', 'kysely']

/** Every route: keys are matched anywhere in a route's path. */
const everyRoute = '/*'

/** A configuration of Next.js that depends on the phase: `phase-development-server`, `phase-production-build` and others. */
export type NextConfigFunction = (
  phase: string,
  context: { defaultConfig: NextConfig },
) => NextConfig | Promise<NextConfig>

/** The options of `withSochdb`. */
export interface SochdbNextOptions {
  /** The folder of `next.config`. Default: the working directory, which it is unless `next build` was given another folder. */
  readonly projectDir?: string
}

/**
 * Adds to a configuration of Next.js, in whatever form, what SochDB needs: that its packages are not bundled
 * (`serverExternalPackages`) and that its addon is among the files of a deployment (`outputFileTracingIncludes`). All else stays
 * as it is given.
 *
 * @throws Error when `transpilePackages` names a package that must not be bundled
 *
 * @example
 * export default withSochdb({ reactStrictMode: true })
 */
export function withSochdb(config?: NextConfig, options?: SochdbNextOptions): NextConfig
export function withSochdb(config: Promise<NextConfig>, options?: SochdbNextOptions): Promise<NextConfig>
export function withSochdb(
  config: NextConfigFunction,
  options?: SochdbNextOptions,
): (phase: string, context: { defaultConfig: NextConfig }) => Promise<NextConfig>
export function withSochdb(
  config: NextConfig | Promise<NextConfig> | NextConfigFunction = {},
  options: SochdbNextOptions = {},
): NextConfig | Promise<NextConfig> | NextConfigFunction {
  if (typeof config === 'function') return async (phase, context) => extended(await config(phase, context), options)
  if (isPromise(config)) return config.then(settled => extended(settled, options))
  return extended(config, options)
}

const isPromise = (config: NextConfig | Promise<NextConfig>): config is Promise<NextConfig> =>
  typeof (config as { then?: unknown }).then === 'function'

function extended(config: NextConfig, { projectDir = process.cwd() }: SochdbNextOptions): NextConfig {
  if (typeof config !== 'object' || config === null) {
    throw new TypeError(
      `withSochdb takes a configuration of Next.js, a function or a promise of one; this is ${String(config)}.`,
    )
  }
  const bundled = (config.transpilePackages ?? []).filter(name => externalPackages.includes(name))
  if (bundled.length > 0) {
    const names = bundled.map(name => `"${name}"`).join(', ')
    throw new Error(`withSochdb: ${names} cannot be bundled. Remove it from transpilePackages in next.config.`)
  }
  const includes = config.outputFileTracingIncludes ?? {}
  return {
    ...config,
    serverExternalPackages: [...new Set([...(config.serverExternalPackages ?? []), ...externalPackages])],
    outputFileTracingIncludes: {
      ...includes,
      [everyRoute]: [...new Set([...(includes[everyRoute] ?? []), ...addonGlobs(projectDir)])],
    },
  }
}
