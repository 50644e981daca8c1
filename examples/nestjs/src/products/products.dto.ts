import { z } from 'zod'
import { newProduct, productPatch } from '../../sochdb/generated/zod/products.js'

/** The schema's own checks; what the application fills in itself is left out. */
export const createProduct = newProduct.omit({ id: true, shop: true, updatedAt: true })
export type CreateProduct = z.infer<typeof createProduct>

/** `stock` takes a number or a change: `{ "stock": { "increment": 5 } }`. */
export const changeProduct = productPatch.omit({ shop: true, updatedAt: true })
export type ChangeProduct = z.infer<typeof changeProduct>

/** Queries are texts. */
export const productPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: z.string().optional(),
  search: z.string().optional(),
})
export type ProductPage = z.infer<typeof productPage>
