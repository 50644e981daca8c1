import { Module, type DynamicModule } from '@nestjs/common'
import { SochdbCoreModule } from './core-module.js'
import { repositoryProviders } from './members.js'
import type { MemberName, SochdbModuleAsyncOptions, SochdbModuleOptions } from './options.js'

/**
 * Clients of SochDB as providers.
 *
 * @example
 * @Module({ imports: [SochdbModule.forRoot({ createClient, path: './app.soch' })] })
 * export class AppModule {}
 */
@Module({})
export class SochdbModule {
  /**
   * A client for all of the application, once for every store. It is closed when the application is: `app.close()`, or a signal
   * after `app.enableShutdownHooks()`.
   *
   * @throws ValidationError when there is no `createClient`, or the name is empty
   */
  static forRoot(options: SochdbModuleOptions): DynamicModule {
    return { module: SochdbModule, imports: [SochdbCoreModule.forRoot(options)] }
  }

  /**
   * The same, with settings that other providers know.
   *
   * @example
   * SochdbModule.forRootAsync({
   *   createClient,
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ path: config.getOrThrow<string>('DATABASE') }),
   * })
   * @throws ValidationError when there is no `createClient`, or not one of `useFactory`, `useClass` and `useExisting`
   */
  static forRootAsync(options: SochdbModuleAsyncOptions): DynamicModule {
    return { module: SochdbModule, imports: [SochdbCoreModule.forRootAsync(options)] }
  }

  /**
   * What a module uses of a client, for `@InjectRepository`: tables, collections, caches, key spaces, `graph`. A name that the client
   * does not have ends the start of the application; `forFeature<Client>` lets the compiler see it.
   *
   * @param client the name of the client, where it has one
   */
  static forFeature<Client extends object = Readonly<Record<string, object>>>(
    members: readonly MemberName<Client>[],
    client?: string,
  ): DynamicModule {
    const providers = repositoryProviders(members, client)
    return { module: SochdbModule, providers, exports: providers.map(({ provide }) => provide) }
  }
}
