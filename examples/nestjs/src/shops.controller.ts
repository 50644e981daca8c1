import { Controller, Get } from '@nestjs/common'
import { InjectRepository } from '@sochdb/nestjs'
import type { Client } from '../sochdb/generated/index.js'

interface Shop {
  readonly shop: string
  readonly products: number
  readonly stock: number
}

/** For whoever runs the shops: it sees the rows of all. */
@Controller('shops')
export class ShopsController {
  constructor(@InjectRepository('products') private readonly products: Client['products']) {}

  @Get()
  async list(): Promise<Shop[]> {
    const groups = await this.products.groupBy({ by: ['shop'], sum: { stock: true } })
    return groups.map(({ shop, count, sum }) => ({ shop, products: count, stock: sum.stock ?? 0 }))
  }
}
