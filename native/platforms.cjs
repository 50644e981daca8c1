'use strict'
/**
 * The platforms that a release brings a built addon for, each in an optional package of its own, of which package managers
 * install the one that fits. The README's table says on which of them the tests were run.
 *
 * Names of packages stand in calls of `require`, spelled out, so that tools which trace the files of a program see them.
 */
const platforms = {
  'linux-x64-gnu': {
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    load: () => require('@sochdb/native-linux-x64-gnu'),
  },
  'linux-arm64-gnu': {
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
    load: () => require('@sochdb/native-linux-arm64-gnu'),
  },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64', load: () => require('@sochdb/native-darwin-arm64') },
  'darwin-x64': { os: 'darwin', cpu: 'x64', load: () => require('@sochdb/native-darwin-x64') },
}

/** The names of those that this process may load; which C library there is, the package manager has looked at. */
function platformsHere() {
  return Object.keys(platforms).filter(
    name => platforms[name].os === process.platform && platforms[name].cpu === process.arch,
  )
}

const packageOf = name => `@sochdb/native-${name}`

module.exports = { platforms, platformsHere, packageOf }
