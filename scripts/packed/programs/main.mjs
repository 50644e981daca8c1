// The packages imported. Arguments: every specifier that they export.
import * as sochdb from 'sochdb'
import { steps } from './steps.cjs'

for (const specifier of process.argv.slice(2)) await import(specifier)
await steps(sochdb)
console.log('imported')
