import { Injectable, NotFoundException } from '@nestjs/common'
import type { Client, Product } from '../../sochdb/generated/index.js'
import { ShopClient } from '../shop.js'
import type { ChangeProduct, CreateProduct, ProductPage } from './products.dto.js'

@Injectable()
export class ProductsService {
  constructor(@ShopClient() private readonly db: Client) {}

  async page({ limit, after, search }: ProductPage): Promise<{ rows: Product[]; next?: string | undefined }> {
    const where = search === undefined ? {} : { name: { contains: search } }
    return this.db.products.findPage({ where, orderBy: { sku: 'asc' }, limit, after })
  }

  async find(id: string): Promise<Product> {
    return this.db.products.findOrThrow({ id })
  }

  async create(product: CreateProduct): Promise<Product> {
    return this.db.products.insert(product)
  }

  async change(id: string, change: ChangeProduct): Promise<Product> {
    const product = await this.db.products.update({ id }, change)
    if (product === undefined) throw new NotFoundException('There is no such product.')
    return product
  }

  async remove(id: string): Promise<void> {
    if (!(await this.db.products.delete({ id }))) throw new NotFoundException('There is no such product.')
  }
}
