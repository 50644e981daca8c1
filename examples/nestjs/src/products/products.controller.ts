import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common'
import type { Product } from '../../sochdb/generated/index.js'
import { changeProduct, createProduct, productPage } from './products.dto.js'
import type { ChangeProduct, CreateProduct, ProductPage } from './products.dto.js'
import { ProductsService } from './products.service.js'

@Controller('products')
export class ProductsController {
  constructor(private readonly products: ProductsService) {}

  @Get()
  page(@Query({ schema: productPage }) query: ProductPage): ReturnType<ProductsService['page']> {
    return this.products.page(query)
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string): Promise<Product> {
    return this.products.find(id)
  }

  @Post()
  create(@Body({ schema: createProduct }) product: CreateProduct): Promise<Product> {
    return this.products.create(product)
  }

  @Patch(':id')
  change(
    @Param('id', ParseUUIDPipe) id: string,
    @Body({ schema: changeProduct }) change: ChangeProduct,
  ): Promise<Product> {
    return this.products.change(id, change)
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Param('id', ParseUUIDPipe) id: string): Promise<void> {
    return this.products.remove(id)
  }
}
