/**
 * SochDB in NestJS: generated clients as providers, repositories, and an answer for requests that the database refuses.
 *
 * @module @sochdb/nestjs
 */
export { InjectClient, InjectRepository } from './decorators.js'
export { SochdbExceptionFilter } from './exception-filter.js'
export { SochdbModule } from './module.js'
export type {
  CreateClient,
  MemberName,
  SochdbClient,
  SochdbModuleAsyncOptions,
  SochdbModuleOptions,
  SochdbOptionsFactory,
  SochdbSettings,
} from './options.js'
export { getClientToken, getRepositoryToken } from './tokens.js'
