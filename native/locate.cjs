'use strict'
/**
 * Finds and loads the addon. In this order:
 *
 * 1. what SOCHDB_LIB_PATH names, the file or a folder that holds sochdb.node: this, or an error;
 * 2. the optional package of this platform, @sochdb/native-linux-x64-gnu for one;
 * 3. this package's folder;
 * 4. a development build in it, build/Release or build/Debug;
 * 5. /usr/local/lib and /usr/lib.
 *
 * What is there and does not load, or is of another version, is passed over. Where nothing is left, the error names every
 * place with what is wrong with it, and says what to do.
 */
const { existsSync, statSync } = require('node:fs')
const { join, resolve } = require('node:path')
const { version } = require('./package.json')
const { packageOf, platforms, platformsHere } = require('./platforms.cjs')

const file = 'sochdb.node'

/** A place is what to call it, and a function that loads from there; it throws where it cannot. */
function fileAt(path, { development = false } = {}) {
  return {
    name: path,
    load() {
      if (!existsSync(path)) throw new Error('is not there')
      // A development build is as new as the sources: build.mjs sees to that, and not every one of them has a version.
      return development ? require(path) : ofThisVersion(require(path))
    },
  }
}

function bundled(platform) {
  return {
    name: packageOf(platform),
    load() {
      try {
        return ofThisVersion(platforms[platform].load())
      } catch (error) {
        const missing = error.code === 'MODULE_NOT_FOUND' && error.message.includes(`'${packageOf(platform)}'`)
        throw missing ? new Error('is not installed') : error
      }
    },
  }
}

/** Arguments are passed by position: an addon of another version would read them as something else. */
function ofThisVersion(addon) {
  if (addon.version === version) return addon
  throw new Error(`is of SochDB ${addon.version ?? '(unknown)'}, where ${version} is wanted`)
}

function overriding(path) {
  const wanted = resolve(path)
  const found = existsSync(wanted) && statSync(wanted).isDirectory() ? join(wanted, file) : wanted
  if (!existsSync(found)) {
    throw notLoaded(
      `SOCHDB_LIB_PATH names "${path}", where there is no ${file}. Correct the path, or unset the variable.`,
      [],
    )
  }
  return fileAt(found)
}

/** Where to look, first to last; `systemFolders` are /usr/local/lib and /usr/lib, but for tests. */
function places({ env = process.env, systemFolders = ['/usr/local/lib', '/usr/lib'] } = {}) {
  if (env.SOCHDB_LIB_PATH) return [overriding(env.SOCHDB_LIB_PATH)]
  return [
    ...platformsHere().map(bundled),
    fileAt(join(__dirname, file)),
    fileAt(join(__dirname, 'build', 'Release', file), { development: true }),
    fileAt(join(__dirname, 'build', 'Debug', file), { development: true }),
    ...(process.platform === 'win32' ? [] : systemFolders.map(folder => fileAt(join(folder, file)))),
  ]
}

/** @throws Error with `code` 'ERR_SOCHDB_ENGINE_NOT_LOADED' and `places`, the lines of the message that name them. */
function load(options = {}) {
  const { env = process.env } = options
  const failures = []
  for (const place of places(options)) {
    try {
      return place.load()
    } catch (error) {
      failures.push(`${place.name} ${problemOf(error)}`)
    }
  }
  const lines = env.SOCHDB_LIB_PATH ? failures : ['SOCHDB_LIB_PATH is not set', ...failures]
  throw notLoaded(
    `The SochDB engine could not be loaded on ${process.platform}-${process.arch} with Node.js ${process.version}. Looked at:\n` +
      `${lines.map(line => `  ${line}`).join('\n')}\n${advice(env)}`,
    lines,
  )
}

function problemOf(error) {
  if (!(error instanceof Error)) return `does not load: ${String(error)}`
  return /^is /.test(error.message) ? error.message : `does not load: ${error.message.split('\n')[0]}`
}

const building =
  'build the engine in a clone of SochDB with `node native/build.mjs`, which needs python3, make and a C++20 compiler, ' +
  'and point SOCHDB_LIB_PATH at native/build/Release/sochdb.node'

function advice(env) {
  if (env.SOCHDB_LIB_PATH)
    return `Correct SOCHDB_LIB_PATH or unset it. For an addon that fits this machine, ${building}.`
  const here = platformsHere()
  if (here.length === 0) return `There is no prebuilt package for this platform: ${building}.`
  return (
    `Install the prebuilt package of this platform, ${here.map(packageOf).join(' or ')}: package managers leave it out when ` +
    `optional dependencies are omitted (npm install --include=optional), and when a lockfile or node_modules comes from ` +
    `another platform. Or ${building}.`
  )
}

function notLoaded(message, lines) {
  return Object.assign(new Error(message), { code: 'ERR_SOCHDB_ENGINE_NOT_LOADED', places: lines })
}

module.exports = { load, places }
