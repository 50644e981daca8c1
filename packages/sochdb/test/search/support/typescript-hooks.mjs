/** The hooks of typescript.mjs: where sources are, and how they become JavaScript. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { transformSync } from '@swc/core'

const sources = new URL('../../../src/', import.meta.url)

export function resolve(specifier, context, next) {
  const [, entry] = /^sochdb(?:\/(\w+))?$/.exec(specifier) ?? []
  if (specifier === 'sochdb') return { url: new URL('index.ts', sources).href, shortCircuit: true }
  if (entry !== undefined) return { url: new URL(`${entry}/index.ts`, sources).href, shortCircuit: true }
  const isSource = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true
  return next(isSource ? specifier.replace(/\.js$/, '.ts') : specifier, context)
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  })
  return { format: 'module', source: code, shortCircuit: true }
}
