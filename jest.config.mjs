import { availableParallelism } from 'node:os'

/** Tests run against the TypeScript sources; only the addon is built beforehand. */
const swc = [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  },
]

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/schema', '<rootDir>/generator', '<rootDir>/packages', '<rootDir>/examples', '<rootDir>/native'],
  testMatch: ['**/test/**/*.test.ts'],
  // The NestJS application has a run of its own: `pnpm test:nest`.
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/build/', '/examples/nestjs/'],
  modulePathIgnorePatterns: ['/dist/', '/build/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^sochdb$': '<rootDir>/packages/sochdb/src/index.ts',
    '^sochdb/(internal|client|testing)$': '<rootDir>/packages/sochdb/src/$1/index.ts',
    '^@sochdb/kysely$': '<rootDir>/packages/kysely/src/index.ts',
    '^@sochdb/nestjs$': '<rootDir>/packages/nestjs/src/index.ts',
    '^@sochdb/nestjs/health$': '<rootDir>/packages/nestjs/src/health/index.ts',
    '^@sochdb/next$': '<rootDir>/packages/next/src/index.ts',
    '^@sochdb/schema$': '<rootDir>/schema/src/index.ts',
    '^@sochdb/schema/(contract|store|validator)$': '<rootDir>/schema/src/contract/$1.ts',
    '^@sochdb/schema/(diff|print)$': '<rootDir>/schema/src/$1/index.ts',
    '^@sochdb/generator$': '<rootDir>/generator/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': swc },
  transformIgnorePatterns: ['/node_modules/'],
  // On two cores Jest would leave one idle.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // For tests that hang: a slow machine is no failure.
  testTimeout: 180_000,
}
