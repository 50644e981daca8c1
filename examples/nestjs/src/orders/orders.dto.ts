import { z } from 'zod'
import { newLine } from '../../sochdb/generated/zod/lines.js'
import { newOrder } from '../../sochdb/generated/zod/orders.js'

export const placeOrder = newOrder.pick({ customer: true }).extend({
  lines: z
    .array(newLine.pick({ productId: true, quantity: true }))
    .min(1)
    .max(100)
    .refine(lines => new Set(lines.map(line => line.productId)).size === lines.length, 'a product stands there twice'),
})
export type PlaceOrder = z.infer<typeof placeOrder>
