'use strict'
// The packages required: the same modules that `import` loads. Arguments: every specifier that they export.
const assert = require('node:assert/strict')
const sochdb = require('sochdb')
const { steps } = require('./steps.cjs')

async function main() {
  for (const specifier of process.argv.slice(2)) assert.equal(require(specifier), await import(specifier))
  await steps(sochdb)
  console.log('required')
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
