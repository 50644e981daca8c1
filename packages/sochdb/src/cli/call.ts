import type { Arguments } from './arguments.js'
import type { GeneratorModule } from './generator-module.js'
import { installGenerator, missingGenerator } from './output.js'
import { ProjectError } from './places.js'
import type { Terminal } from './terminal.js'

/** One call of a command that works on migrations, or on a store. */
export interface Call {
  readonly parsed: Arguments
  readonly terminal: Terminal
  readonly generator: GeneratorModule | undefined
}

export function required(generator: GeneratorModule | undefined): GeneratorModule {
  if (generator !== undefined) return generator
  throw new ProjectError('generator_missing', missingGenerator, installGenerator)
}
