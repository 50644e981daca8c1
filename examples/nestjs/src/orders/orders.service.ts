import { ConflictException, Injectable } from '@nestjs/common'
import type { Client, OrderWith } from '../../sochdb/generated/index.js'
import { ShopClient } from '../shop.js'
import type { PlaceOrder } from './orders.dto.js'

@Injectable()
export class OrdersService {
  constructor(@ShopClient() private readonly db: Client) {}

  /** The order and what it takes from the stock: both, or neither. Orders that meet are run again by the client. */
  async place({ customer, lines }: PlaceOrder): Promise<OrderWith> {
    const id = await this.db.$transaction(async tx => {
      const order = await tx.orders.insert({ customer })
      for (const { productId, quantity } of lines) {
        const { name, stock, priceCents } = await tx.products.findOrThrow({ id: productId })
        if (stock < quantity) throw new ConflictException(`Of "${name}" there are ${String(stock)} left.`)
        await tx.products.update({ id: productId }, { stock: { decrement: quantity } })
        await tx.lines.insert({ orderId: order.id, productId, quantity, priceCents })
      }
      return order.id
    })
    return this.find(id)
  }

  async find(id: string): Promise<OrderWith> {
    return this.db.orders.findOrThrow({ id }, { with: { lines: { with: { product: true } } } })
  }
}
