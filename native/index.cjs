'use strict'
/**
 * Loads the addon. In order: what SOCHDB_LIB_PATH names (the file, or a folder that holds sochdb.node), the build in this
 * package, the prebuilt package of this platform. A missing addon is an error that says what to do.
 */
const { existsSync, statSync } = require('node:fs')
const { join, resolve } = require('node:path')

const file = 'sochdb.node'
const platform = `${process.platform}-${process.arch}`

function fromEnvironment(path) {
  const wanted = resolve(path)
  const found = existsSync(wanted) && statSync(wanted).isDirectory() ? join(wanted, file) : wanted
  if (!existsSync(found)) {
    throw new Error(
      `SOCHDB_LIB_PATH names "${path}", where there is no ${file}. Correct the path, or unset the variable.`,
    )
  }
  return found
}

function candidates() {
  const override = process.env.SOCHDB_LIB_PATH
  if (override) return [fromEnvironment(override)]
  return [join(__dirname, 'build', 'Release', file), `@sochdb/native-${platform}`]
}

function load() {
  const failures = []
  for (const candidate of candidates()) {
    try {
      return require(candidate)
    } catch (error) {
      failures.push(`  ${candidate}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
    }
  }
  throw new Error(
    `The SochDB engine could not be loaded on ${platform} with Node.js ${process.version}.\n${failures.join('\n')}\n` +
      'Build it with `node native/build.mjs` (in an installed package: `npx node-gyp rebuild` in @sochdb/native), which needs ' +
      'python3, make and a C++20 compiler; or point SOCHDB_LIB_PATH at a sochdb.node built elsewhere.',
  )
}

module.exports = load()
