/** The module that has a client: one for every `forRoot`, global, so that features anywhere find it. */
import {
  Global,
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common'
import { ValidationError } from 'sochdb'
import { openClient } from './open.js'
import type {
  CreateClient,
  SochdbClient,
  SochdbModuleAsyncOptions,
  SochdbModuleOptions,
  SochdbOptionsFactory,
  SochdbSettings,
} from './options.js'
import { getClientToken } from './tokens.js'

/** Inside one core module: its client, its settings, and what knows them. */
const CLIENT = Symbol('sochdb/client')
const SETTINGS = Symbol('sochdb/settings')
const FACTORY = Symbol('sochdb/factory')

@Global()
@Module({})
export class SochdbCoreModule implements OnApplicationShutdown {
  readonly #client: SochdbClient

  constructor(@Inject(CLIENT) client: SochdbClient) {
    this.#client = client
  }

  static forRoot(options: SochdbModuleOptions): DynamicModule {
    const { createClient, name, ...settings } = checkRoot('forRoot', options)
    return dynamicModule(createClient, name, [{ provide: SETTINGS, useValue: settings }])
  }

  static forRootAsync(options: SochdbModuleAsyncOptions): DynamicModule {
    const { createClient, name, imports = [] } = checkRoot('forRootAsync', options)
    return { ...dynamicModule(createClient, name, settingsProviders(options)), imports }
  }

  /** After the server has let go of its connections, and after the modules that use the client. */
  async onApplicationShutdown(): Promise<void> {
    await this.#client.$close()
  }
}

function dynamicModule(createClient: CreateClient, name: string | undefined, settings: Provider[]): DynamicModule {
  const provide = getClientToken(name)
  const client: FactoryProvider<SochdbClient> = {
    provide,
    inject: [SETTINGS],
    useFactory: (settings: SochdbSettings) => openClient(createClient, settings),
  }
  const providers = [...settings, client, { provide: CLIENT, useExisting: provide }]
  return { module: SochdbCoreModule, providers, exports: [provide] }
}

function settingsProviders(options: SochdbModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, name } = options
  if ([useFactory, useClass, useExisting].filter(given => given !== undefined).length !== 1) {
    throw new ValidationError('SochdbModule.forRootAsync takes one of useFactory, useClass and useExisting.')
  }
  if (useFactory !== undefined) {
    const inject = [...(options.inject ?? [])]
    // Nest calls it with what the tokens of `inject` stand for, which no type tells.
    return [{ provide: SETTINGS, inject, useFactory: useFactory as (...dependencies: unknown[]) => SochdbSettings }]
  }
  const factory = useClass === undefined ? { provide: FACTORY, useExisting } : { provide: FACTORY, useClass }
  return [
    factory,
    {
      provide: SETTINGS,
      inject: [FACTORY],
      useFactory: (known: SochdbOptionsFactory) => known.createSochdbOptions(name),
    },
  ]
}

/** JavaScript, and a generated client that was imported from the wrong file, get past the types. */
function checkRoot<Options extends { readonly createClient: CreateClient }>(call: string, options: Options): Options {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || typeof (given as Partial<Options>).createClient !== 'function') {
    throw new ValidationError(
      `SochdbModule.${call} needs createClient: import it from what "npx sochdb generate" wrote, such as "./sochdb/generated/index.js".`,
    )
  }
  return options
}
