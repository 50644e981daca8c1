/** What the module provides, and when the store is opened and closed. */
import { Inject, Injectable, Logger, Module, type Type } from '@nestjs/common'
import { Test, type TestingModule } from '@nestjs/testing'
import { getClientToken, getRepositoryToken, InjectClient, InjectRepository, SochdbModule } from '@sochdb/nestjs'
import type {
  CreateClient,
  SochdbModuleAsyncOptions,
  SochdbModuleOptions,
  SochdbOptionsFactory,
  SochdbSettings,
} from '@sochdb/nestjs'
import { existsSync } from 'node:fs'
import { Database, DatabaseLockedError, ValidationError } from 'sochdb'
import { createClient, type Client } from '../../../examples/nestjs/sochdb/generated/index.js'
import { temporaryDirectory } from '../../sochdb/test/support/temporary.js'

const directory = temporaryDirectory()
const memory = { createClient, path: ':memory:' }
const product = { shop: 'a', sku: 'CUP-1', name: 'Cup', priceCents: 500 }

@Injectable()
class Products {
  constructor(
    @InjectClient() readonly db: Client,
    @InjectRepository('products') readonly products: Client['products'],
  ) {}
}

@Module({ imports: [SochdbModule.forFeature<Client>(['products'])], providers: [Products], exports: [Products] })
class ProductsModule {}

function compile(...imports: (Type | ReturnType<typeof SochdbModule.forRoot>)[]): Promise<TestingModule> {
  return Test.createTestingModule({ imports }).compile()
}

/** What compiling a module failed with. */
async function failure(options: SochdbModuleOptions): Promise<unknown> {
  return compile(SochdbModule.forRoot(options)).then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('SochdbModule', () => {
  beforeAll(() => Logger.overrideLogger(false))

  test('a feature gets the client and the repositories it asked for', async () => {
    const app = await compile(SochdbModule.forRoot(memory), ProductsModule)
    const { db, products } = app.get(Products)
    await products.insert(product)
    expect(await db.products.count()).toBe(1)
    expect(products).toBe(db.products)
    await app.close()
  })

  test('clients are told apart by their names', async () => {
    @Injectable()
    class Both {
      constructor(
        @InjectClient() readonly first: Client,
        @InjectClient('archive') readonly second: Client,
        @InjectRepository('orders', 'archive') readonly archived: Client['orders'],
      ) {}
    }
    @Module({ imports: [SochdbModule.forFeature<Client>(['orders'], 'archive')], providers: [Both] })
    class BothModule {}

    const app = await compile(
      SochdbModule.forRoot(memory),
      SochdbModule.forRoot({ ...memory, name: 'archive' }),
      BothModule,
    )
    const { first, second, archived } = app.get(Both)
    expect(first).not.toBe(second)
    expect(archived).toBe(second.orders)
    await second.orders.insert({ shop: 'a', customer: 'ada@example.com' })
    expect([await first.orders.count(), await archived.count()]).toEqual([0, 1])
    await app.close()
  })

  test('closing the application closes every store, and what was written is there', async () => {
    const [path, other] = [directory('closed'), directory('closed-too')]
    const app = await compile(
      SochdbModule.forRoot({ createClient, path }),
      SochdbModule.forRoot({ createClient, path: other, name: 'other' }),
      ProductsModule,
    )
    const { db, products } = app.get(Products)
    await products.insert(product)
    await app.close()
    await expect(db.products.count()).rejects.toThrow('This client is closed')
    Database.open(other).close()
    await using again = createClient({ path })
    expect(await again.products.count()).toBe(1)
  })

  test('a store is used until the providers that use it have shut down', async () => {
    const seen: number[] = []
    @Injectable()
    class Farewell {
      constructor(@InjectClient() private readonly db: Client) {}
      async onApplicationShutdown(): Promise<void> {
        seen.push(await this.db.products.count())
      }
    }
    @Module({ providers: [Farewell] })
    class FarewellModule {}
    const app = await compile(FarewellModule, SochdbModule.forRoot(memory))
    await app.init()
    await app.close()
    expect(seen).toEqual([0])
  })

  test('a database that was given stays open', async () => {
    using database = Database.open(':memory:')
    const app = await compile(SochdbModule.forRoot({ createClient, database }))
    await app.get<Client>(getClientToken()).products.insert(product)
    await app.close()
    expect(database.execute('SELECT name FROM products').rows).toEqual([{ name: 'Cup' }])
  })

  test('what $extends adds is there', async () => {
    const extended = (options: Parameters<typeof createClient>[0]) =>
      createClient(options).$extends(client => ({
        products: { named: (name: string) => client.products.findFirst({ where: { name } }) },
      }))
    const app = await compile(SochdbModule.forRoot({ createClient: extended, path: ':memory:' }), ProductsModule)
    const client = app.get<ReturnType<typeof extended>>(getClientToken())
    await client.products.insert(product)
    expect(await client.products.named('Cup')).toMatchObject({ sku: 'CUP-1' })
    expect(app.get(Products).products).toBe(client.products)
    await app.close()
  })

  test('a test puts its own in the place of a client and of a repository', async () => {
    const fake = { count: () => Promise.resolve(42) }
    const app = await Test.createTestingModule({ imports: [SochdbModule.forRoot(memory), ProductsModule] })
      .overrideProvider(getRepositoryToken('products'))
      .useValue(fake)
      .compile()
    expect(await app.get(Products).products.count()).toBe(42)
    await app.close()
  })
})

describe('when a store is opened', () => {
  test('by default when the application starts: a store of another schema ends the start', async () => {
    const path = directory('other-schema')
    using database = Database.open(path)
    database.execute('CREATE TABLE products (id INTEGER PRIMARY KEY)')
    expect(await failure({ createClient, database })).toMatchObject({ message: expect.stringContaining('products') })
  })

  test('lazily at the first call', async () => {
    const path = directory('lazy')
    const app = await compile(SochdbModule.forRoot({ createClient, path, lazy: true }))
    expect(existsSync(path)).toBe(false)
    await app.get<Client>(getClientToken()).products.count()
    expect(existsSync(path)).toBe(true)
    await app.close()
  })

  /** A client whose store is held for some tries. */
  function held(tries: number): { readonly createClient: CreateClient; calls: () => number; closed: () => boolean } {
    let [calls, closed] = [0, false]
    const $sql = () => (++calls <= tries ? Promise.reject(new DatabaseLockedError('Held.')) : Promise.resolve({}))
    const $close = () => Promise.resolve(void (closed = true))
    const client = { $sql, $close } as unknown as ReturnType<CreateClient>
    return { createClient: () => client, calls: () => calls, closed: () => closed }
  }

  test('again while another process holds it', async () => {
    const { createClient, calls } = held(3)
    await (await compile(SochdbModule.forRoot({ createClient, retryDelayMs: 0 }))).close()
    expect(calls()).toBe(4)
  })

  test('but not for ever', async () => {
    const { createClient, calls, closed } = held(Infinity)
    expect(await failure({ createClient, retryAttempts: 2, retryDelayMs: 0 })).toBeInstanceOf(DatabaseLockedError)
    expect([calls(), closed()]).toEqual([3, true])
  })

  test('and not where another try cannot help', async () => {
    let calls = 0
    const refused = { $sql: () => Promise.reject(new Error(`no ${String(++calls)}`)), $close: () => Promise.resolve() }
    const createClient = () => refused as unknown as ReturnType<CreateClient>
    expect(await failure({ createClient })).toMatchObject({ message: 'no 1' })
  })
})

describe('forRootAsync', () => {
  @Injectable()
  class Config {
    readonly directory = ':memory:'
  }
  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}

  @Injectable()
  class Settings implements SochdbOptionsFactory {
    static readonly names: (string | undefined)[] = []
    constructor(@Inject(Config) private readonly config: Config) {}
    createSochdbOptions(name?: string): SochdbSettings {
      Settings.names.push(name)
      return { path: this.config.directory }
    }
  }
  @Module({ imports: [ConfigModule], providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  const forms: Record<string, SochdbModuleAsyncOptions> = {
    useFactory: {
      createClient,
      imports: [ConfigModule],
      inject: [Config],
      useFactory: (config: Config) => Promise.resolve({ path: config.directory }),
    },
    useClass: { createClient, imports: [ConfigModule], useClass: Settings },
    useExisting: { createClient, imports: [SettingsModule], useExisting: Settings, name: 'named' },
  }
  test.each(Object.entries(forms))('settings from %s', async (_, options) => {
    const app = await compile(SochdbModule.forRootAsync(options))
    expect(await app.get<Client>(getClientToken(options.name)).products.count()).toBe(0)
    await app.close()
  })

  test('useClass and useExisting hear the name of the client', () => {
    expect(Settings.names).toEqual([undefined, 'named'])
  })
})

describe('mistakes are refused, and say what to do', () => {
  const none = undefined as unknown as CreateClient

  test.each<[string, () => unknown, string]>([
    ['no createClient', () => SochdbModule.forRoot({ createClient: none, path: 'x' }), 'npx sochdb generate'],
    [
      'no way to the settings',
      () => SochdbModule.forRootAsync({ createClient } as unknown as SochdbModuleAsyncOptions),
      'takes one of useFactory, useClass and useExisting',
    ],
    ['an empty name', () => SochdbModule.forRoot({ ...memory, name: '' }), 'The name of a client'],
    ['an empty name to inject', () => InjectClient(''), 'The name of a client'],
    ['a repository without a name', () => InjectRepository(''), 'such as "users"'],
    ['no array', () => SochdbModule.forFeature('products' as unknown as string[]), 'takes an array of names'],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(ValidationError)
    expect(call).toThrow(message)
  })

  test('a member that the client does not have', async () => {
    const start = compile(SochdbModule.forRoot(memory), SochdbModule.forFeature(['product']))
    await expect(start).rejects.toThrow(
      'names "product", which the client does not have. It has: lines, orders, products.',
    )
  })

  test.each(['sync', '$sql', 'constructor', '__proto__'])('%s is no member', async name => {
    const start = compile(SochdbModule.forRoot(memory), SochdbModule.forFeature([name as 'x']))
    await expect(start).rejects.toThrow('which the client does not have')
  })

  test('settings that make no sense', async () => {
    expect(await failure({ ...memory, retryAttempts: -1 })).toMatchObject({
      message: expect.stringContaining('retryAttempts'),
    })
    expect(await failure({ createClient })).toMatchObject({
      message: expect.stringContaining('either path or database'),
    })
    const nothing = { createClient, useFactory: () => undefined as unknown as SochdbSettings }
    await expect(compile(SochdbModule.forRootAsync(nothing))).rejects.toThrow('The settings of a client are an object')
  })

  test('a name that the client does not have is an error at compile time', () => {
    // @ts-expect-error -- there is no table "product"
    expect(() => SochdbModule.forFeature<Client>(['product'])).not.toThrow()
    // @ts-expect-error -- not a part of the schema
    expect(() => SochdbModule.forFeature<Client>(['$sql'])).not.toThrow()
  })
})
