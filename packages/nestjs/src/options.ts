import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common'
import type { ClientOptions, SqlTag } from 'sochdb/client'

/** What the module needs of a client. Every generated one has it, and what `$extends` makes of one. */
export interface SochdbClient {
  readonly $sql: SqlTag
  /** Closes the store, if the client opened it. */
  $close(): Promise<void>
}

/** `createClient` of the generated code, or a function of your own around it: `options => createClient(options).$extends(…)`. */
export type CreateClient = (options: ClientOptions) => SochdbClient

/** What `createClient` takes, and how the module opens the store. */
export interface SochdbSettings extends ClientOptions {
  /** `true`: the store is opened at the first call. Default: when the application starts, which fails where the store cannot be opened. */
  readonly lazy?: boolean
  /**
   * How often the store is tried again while another process holds it, as the one that this one replaces may. No other error is
   * tried again. Default: 10.
   */
  readonly retryAttempts?: number
  /** What lies between two tries, in milliseconds. Default: 500. */
  readonly retryDelayMs?: number
}

/** What `forRoot` takes. */
export interface SochdbModuleOptions extends SochdbSettings {
  readonly createClient: CreateClient
  /** Tells clients apart: `@InjectClient(name)`. Leave it out where there is one. */
  readonly name?: string
}

/** A provider that knows the settings: `useClass` and `useExisting`. */
export interface SochdbOptionsFactory {
  /** Called once for each client, with its name where it has one. */
  createSochdbOptions(name?: string): SochdbSettings | Promise<SochdbSettings>
}

interface AsyncBase extends Pick<ModuleMetadata, 'imports'> {
  readonly createClient: CreateClient
  /** Tells clients apart: `@InjectClient(name)`. Leave it out where there is one. */
  readonly name?: string
}

interface UseFactory extends AsyncBase {
  /** What `useFactory` is called with. */
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[]
  readonly useFactory: (...dependencies: never[]) => SochdbSettings | Promise<SochdbSettings>
  readonly useClass?: undefined
  readonly useExisting?: undefined
}

interface UseClass extends AsyncBase {
  /** Instantiated for this client. */
  readonly useClass: Type<SochdbOptionsFactory>
  readonly useFactory?: undefined
  readonly useExisting?: undefined
}

interface UseExisting extends AsyncBase {
  /** The token of a provider that is there, or that one of `imports` exports. */
  readonly useExisting: Type<SochdbOptionsFactory> | string | symbol
  readonly useFactory?: undefined
  readonly useClass?: undefined
}

/** Settings that other providers know: one of `useFactory`, `useClass` and `useExisting`. */
export type SochdbModuleAsyncOptions = UseFactory | UseClass | UseExisting

/** Names of what the schema declares, as a client has them; of a client that is not told, any name. */
export type MemberName<Client> = Exclude<keyof Client & string, 'sync' | `$${string}`>
