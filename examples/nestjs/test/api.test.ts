/** The application as its users meet it: over HTTP, in a process of its own. */
import { RecoveryManager } from 'sochdb'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Server } from '../../../packages/nestjs/test/support/server.js'
import { temporaryDirectory } from '../../../packages/sochdb/test/support/temporary.js'

const example = join(dirname(fileURLToPath(import.meta.url)), '..')
const directory = temporaryDirectory()
const store = directory('shop')
const nobody = '01900000-0000-7000-8000-000000000000'

interface Product {
  readonly id: string
  readonly stock: number
}

let server: Server
const start = async (): Promise<void> => void (server = await Server.start(example, { DATABASE: store }))
const ask = (method: string, path: string, body?: unknown, shop = 'north') => server.ask(method, path, { body, shop })
const product = (sku: string, more: object = {}) => ({ sku, name: `The ${sku}`, priceCents: 500, ...more })
async function create(sku: string, more: object = {}, shop = 'north'): Promise<Product> {
  const { status, body } = await ask('POST', '/products', product(sku, more), shop)
  expect(status).toBe(201)
  return body as Product
}
const stockOf = async (id: string): Promise<number> => ((await ask('GET', `/products/${id}`)).body as Product).stock

beforeAll(start)
afterAll(async () => void (await server.stop('SIGKILL')))

test('products are made, read, changed and removed', async () => {
  const { id } = await create('CUP-1', { stock: 3 })
  expect(await ask('GET', `/products/${id}`)).toMatchObject({
    status: 200,
    body: { sku: 'CUP-1', shop: 'north', stock: 3 },
  })
  expect(await ask('PATCH', `/products/${id}`, { name: 'Mug', stock: { increment: 4 } })).toMatchObject({
    status: 200,
    body: { name: 'Mug', stock: 7 },
  })
  expect(await ask('DELETE', `/products/${id}`)).toEqual({ status: 204, body: undefined })
  for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as const) {
    expect(await ask(method, `/products/${id}`, body)).toMatchObject({ status: 404 })
  }
})

test('they come in pages', async () => {
  for (const sku of ['P-3', 'P-1', 'P-2']) await create(sku, {}, 'pages')
  const first = await ask('GET', '/products?limit=2', undefined, 'pages')
  expect(first.body).toMatchObject({ rows: [{ sku: 'P-1' }, { sku: 'P-2' }], next: expect.any(String) })
  const { next } = first.body as { next: string }
  const second = await ask('GET', `/products?limit=2&after=${encodeURIComponent(next)}`, undefined, 'pages')
  expect(second.body).toEqual({ rows: [expect.objectContaining({ sku: 'P-3' })] })
  expect((await ask('GET', '/products?search=P-2', undefined, 'pages')).body).toMatchObject({ rows: [{ sku: 'P-2' }] })
})

test.each<[string, string, string, unknown, string]>([
  ['a value of another type', 'POST', '/products', product('X-1', { priceCents: '5' }), 'priceCents'],
  ['a value that the schema refuses', 'POST', '/products', product('lower'), 'sku'],
  ['a number below the least', 'POST', '/products', product('X-1', { stock: -1 }), 'stock'],
  ['a value that is missing', 'POST', '/products', { sku: 'X-1', priceCents: 1 }, 'name'],
  ['a key that nobody knows', 'POST', '/products', product('X-1', { colour: 'red' }), 'colour'],
  ['a key that the application fills in', 'POST', '/products', product('X-1', { shop: 'south' }), 'shop'],
  ['no body', 'POST', '/products', undefined, 'sku'],
  ['an id that is none', 'GET', '/products/1', undefined, 'uuid'],
  ['a page that is too long', 'GET', '/products?limit=1000', undefined, 'limit'],
  ['an order of nothing', 'POST', '/orders', { customer: 'ada@example.com', lines: [] }, 'lines'],
  [
    'an order of nobody',
    'POST',
    '/orders',
    { customer: 'ada', lines: [{ productId: nobody, quantity: 1 }] },
    'customer',
  ],
])('400: %s', async (_, method, path, body, named) => {
  const reply = await ask(method, path, body)
  expect(reply.status).toBe(400)
  expect(JSON.stringify(reply.body)).toContain(named)
})

test('400: a request of no shop', async () => {
  expect(await server.ask('GET', '/products')).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('x-shop') },
  })
})

test('409: a number that is taken; in another shop it is free', async () => {
  await create('TAKEN')
  expect(await ask('POST', '/products', product('TAKEN'))).toMatchObject({
    status: 409,
    body: { error: 'Conflict', code: 5101 },
  })
  await create('TAKEN', {}, 'south')
})

test('the rows of another shop are not there', async () => {
  const { id } = await create('MINE')
  expect(await ask('GET', `/products/${id}`, undefined, 'south')).toMatchObject({ status: 404 })
  expect(await ask('PATCH', `/products/${id}`, { stock: 0 }, 'south')).toMatchObject({ status: 404 })
  expect(await ask('DELETE', `/products/${id}`, undefined, 'south')).toMatchObject({ status: 404 })
  expect(await ask('GET', `/products/${id}`)).toMatchObject({ status: 200 })
})

describe('an order', () => {
  const order = (...lines: [string, number][]) => ({
    customer: 'ada@example.com',
    lines: lines.map(([productId, quantity]) => ({ productId, quantity })),
  })

  test('takes from the stock', async () => {
    const [tea, pot] = [await create('TEA', { stock: 10 }), await create('POT', { stock: 1, priceCents: 2500 })]
    const placed = await ask('POST', '/orders', order([tea.id, 4], [pot.id, 1]))
    expect(placed).toMatchObject({ status: 201, body: { customer: 'ada@example.com' } })
    const { id } = placed.body as { id: string }
    const { lines } = (await ask('GET', `/orders/${id}`)).body as { lines: { quantity: number; product: unknown }[] }
    expect(lines.map(({ quantity }) => quantity).sort()).toEqual([1, 4])
    expect(lines).toContainEqual(
      expect.objectContaining({ priceCents: 2500, product: expect.objectContaining({ sku: 'POT', stock: 0 }) }),
    )
    expect([await stockOf(tea.id), await stockOf(pot.id)]).toEqual([6, 0])
    // What was ordered is still referred to.
    expect(await ask('DELETE', `/products/${tea.id}`)).toMatchObject({ status: 409, body: { code: 5102 } })
  })

  test('that cannot be met leaves nothing', async () => {
    const [full, empty] = [await create('FULL', { stock: 5 }), await create('EMPTY', { stock: 0 })]
    expect(await ask('POST', '/orders', order([full.id, 2], [empty.id, 1]))).toMatchObject({
      status: 409,
      body: { message: 'Of "The EMPTY" there are 0 left.' },
    })
    expect(await ask('POST', '/orders', order([full.id, 2], [nobody, 1]))).toMatchObject({ status: 404 })
    expect(await stockOf(full.id)).toBe(5)
  })

  test('of many at once never sells what is not there', async () => {
    const { id } = await create('RARE', { stock: 5 })
    const replies = await Promise.all(Array.from({ length: 12 }, () => ask('POST', '/orders', order([id, 1]))))
    expect(replies.map(({ status }) => status).sort()).toEqual([
      201, 201, 201, 201, 201, 409, 409, 409, 409, 409, 409, 409,
    ])
    expect(await stockOf(id)).toBe(0)
  })
})

test('whoever runs the shops sees all of them', async () => {
  await create('SOLE', { stock: 8 }, 'west')
  expect((await server.ask('GET', '/shops')).body).toContainEqual({ shop: 'west', products: 1, stock: 8 })
})

test('the health of the store is asked for', async () => {
  expect(await server.ask('GET', '/health')).toMatchObject({
    status: 200,
    body: { status: 'ok', info: { store: { status: 'up' } } },
  })
})

test('SIGTERM closes the store cleanly, and what was written is there after a restart', async () => {
  const { id } = await create('KEPT', { stock: 7 })
  expect(await server.stop('SIGTERM')).toBe('SIGTERM')
  expect(RecoveryManager.forPath(store).needsRecovery()).toBe(false)
  await start()
  expect(await stockOf(id)).toBe(7)
})
