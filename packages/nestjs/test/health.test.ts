/** The health indicator, as Terminus runs it. */
import { Logger } from '@nestjs/common'
import { HealthCheckService, TerminusModule } from '@nestjs/terminus'
import { Test } from '@nestjs/testing'
import { getClientToken, SochdbModule } from '@sochdb/nestjs'
import { SochdbHealthIndicator } from '@sochdb/nestjs/health'
import { createClient, type Client } from '../../../examples/nestjs/sochdb/generated/index.js'
import { temporaryDirectory } from '../../sochdb/test/support/temporary.js'

const directory = temporaryDirectory()
const compile = () =>
  Test.createTestingModule({
    imports: [
      SochdbModule.forRoot({ createClient, path: ':memory:' }),
      SochdbModule.forRoot({ createClient, path: ':memory:', name: 'archive' }),
      TerminusModule.forRoot({ logger: false }),
    ],
    providers: [SochdbHealthIndicator],
  }).compile()

describe('SochdbHealthIndicator', () => {
  beforeAll(() => Logger.overrideLogger(false))

  test('a store that answers is up', async () => {
    const app = await compile()
    const indicator = app.get(SochdbHealthIndicator)
    const checks = [() => indicator.pingCheck(), () => indicator.pingCheck('second', { client: 'archive' })]
    expect(await app.get(HealthCheckService).check(checks)).toMatchObject({
      status: 'ok',
      info: { sochdb: { status: 'up' }, second: { status: 'up' } },
    })
    await app.close()
  })

  test('one that does not is down, and says why; the check fails with 503', async () => {
    const app = await compile()
    await app.get<Client>(getClientToken('archive')).$close()
    const indicator = app.get(SochdbHealthIndicator)
    const checks = [() => indicator.pingCheck('one'), () => indicator.pingCheck('two', { client: 'archive' })]
    const failure = await app
      .get(HealthCheckService)
      .check(checks)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
    expect(failure).toMatchObject({
      status: 503,
      response: {
        status: 'error',
        info: { one: { status: 'up' } },
        error: { two: { status: 'down', message: expect.stringContaining('This client is closed') } },
      },
    })
    await app.close()
  })

  test('a store that takes no writes is down for a probe that writes', async () => {
    const path = directory('read-only')
    await using made = createClient({ path })
    await made.products.count()
    await made.$close()
    const app = await Test.createTestingModule({
      imports: [SochdbModule.forRoot({ createClient, path, open: { readOnly: true } }), TerminusModule.forRoot()],
      providers: [SochdbHealthIndicator],
    }).compile()
    const indicator = app.get(SochdbHealthIndicator)
    expect(await indicator.pingCheck('store')).toEqual({ store: { status: 'up' } })
    const probe = (db: Client): Promise<unknown> =>
      db.products.upsert({
        create: { shop: '-', sku: 'HEALTH', name: 'Health', priceCents: 0 },
        update: { stock: { increment: 1 } },
        on: ['shop', 'sku'],
      })
    expect(await indicator.pingCheck('store', { probe })).toEqual({
      store: { status: 'down', message: expect.stringContaining('readOnly') },
    })
    await app.close()
  })

  test('a client that nobody made is a mistake, not a store that is down', async () => {
    const app = await compile()
    await expect(app.get(SochdbHealthIndicator).pingCheck('x', { client: 'nobody' })).rejects.toThrow(
      'SochdbClient(nobody)',
    )
    await app.close()
  })
})
