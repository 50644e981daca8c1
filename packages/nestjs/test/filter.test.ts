/** What a request is answered when the store refuses what it asks for. */
import { Controller, Get, Param } from '@nestjs/common'
import { APP_FILTER } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { Test } from '@nestjs/testing'
import { getClientToken, InjectClient, SochdbExceptionFilter, SochdbModule } from '@sochdb/nestjs'
import { QueryTimeoutError, TransactionConflictError, TransactionTimeoutError, ValidationError } from 'sochdb'
import { createClient, type Client } from '../../../examples/nestjs/sochdb/generated/index.js'

const id = '01900000-0000-7000-8000-000000000001'
const product = { id, shop: 'a', sku: 'CUP-1', name: 'Cup', priceCents: 500 }

@Controller()
class Refused {
  constructor(@InjectClient() private readonly db: Client) {}

  @Get(':what')
  async get(@Param('what') what: string): Promise<unknown> {
    const { products, lines, $sql } = this.db
    switch (what) {
      case 'absent':
        return products.findOrThrow({ id: '01900000-0000-7000-8000-000000000002' })
      case 'unique':
        return products.insertMany([product, product])
      case 'foreign':
        return lines.insert({ orderId: id, productId: id, shop: 'a', quantity: 1, priceCents: 1 })
      case 'check':
        return $sql`UPDATE products SET "priceCents" = -1`
      case 'null':
        return $sql`UPDATE products SET name = NULL`
      case 'conflict':
        throw new TransactionConflictError('secret')
      case 'timeout':
        throw new QueryTimeoutError('secret')
      case 'transaction-timeout':
        throw new TransactionTimeoutError('secret')
      case 'mistake':
        throw new ValidationError('secret')
      default:
        throw new Error('secret')
    }
  }
}

describe('SochdbExceptionFilter', () => {
  let app: NestExpressApplication
  let url: string
  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [SochdbModule.forRoot({ createClient, path: ':memory:' })],
      controllers: [Refused],
      providers: [{ provide: APP_FILTER, useClass: SochdbExceptionFilter }],
    }).compile()
    app = module.createNestApplication<NestExpressApplication>({ logger: false })
    await app.listen(0, '127.0.0.1')
    url = await app.getUrl()
    await app.get<Client>(getClientToken()).products.insert({ ...product, id: undefined, sku: 'OTHER' })
  })
  afterAll(() => app.close())

  test.each([
    ['absent', 404, 'Not Found', 5006],
    ['unique', 409, 'Conflict', 5101],
    ['foreign', 409, 'Conflict', 5102],
    ['conflict', 409, 'Conflict', 2002],
    ['check', 400, 'Bad Request', 5103],
    ['null', 400, 'Bad Request', 5104],
    ['timeout', 503, 'Service Unavailable', 5003],
    ['transaction-timeout', 503, 'Service Unavailable', 2003],
  ])('%s: %i', async (what, statusCode, error, code) => {
    const response = await fetch(`${url}/${what}`)
    const body = (await response.json()) as Record<string, unknown>
    expect([response.status, body]).toEqual([statusCode, { statusCode, error, code, message: expect.any(String) }])
    expect(body['message']).not.toContain('secret')
  })

  test.each(['mistake', 'another'])('%s: 500, as without the filter', async what => {
    const response = await fetch(`${url}/${what}`)
    expect(await response.json()).toEqual({ statusCode: 500, message: 'Internal server error' })
  })
})
