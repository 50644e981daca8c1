import { z } from 'zod'
import { col, defineSchema, many, one, table } from '@sochdb/schema'

/** Every row belongs to a shop: what is read and written for one shop never meets the rows of another. */
const products = table('products', {
  id: col.uuid().primaryKey().default('uuid7'),
  shop: col.text(),
  sku: col.text(z.string().regex(/^[A-Z0-9-]{2,32}$/, 'capitals, digits and dashes')),
  name: col.text(z.string().min(1).max(200)),
  priceCents: col.integer(z.int().min(0)),
  stock: col.integer(z.int().min(0)).default(0),
  updatedAt: col.timestamp().default('now').updatedAt(),
})
  .unique('shop', 'sku')
  .check('price_not_negative', 'priceCents >= 0')
  .check('stock_not_negative', 'stock >= 0')
  .tenant('shop')

const orders = table('orders', {
  id: col.uuid().primaryKey().default('uuid7'),
  shop: col.text(),
  customer: col.text(z.email()),
  placedAt: col.timestamp().default('now'),
}).tenant('shop')

const lines = table('lines', {
  orderId: col.uuid().references('orders.id', { onDelete: 'cascade' }),
  productId: col.uuid().references('products.id'),
  shop: col.text(),
  quantity: col.integer(z.int().min(1).max(1000)),
  priceCents: col.integer(z.int().min(0)),
})
  .primaryKey('orderId', 'productId')
  .check('quantity_positive', 'quantity > 0')
  .tenant('shop')

export default defineSchema({
  tables: { products, orders, lines },
  relations: {
    orders: { lines: many('lines.orderId') },
    lines: { order: one('orders', 'orderId'), product: one('products', 'productId') },
  },
})
