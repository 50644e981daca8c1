import { Body, Controller, Get, Param, ParseUUIDPipe, Post } from '@nestjs/common'
import type { OrderWith } from '../../sochdb/generated/index.js'
import { placeOrder } from './orders.dto.js'
import type { PlaceOrder } from './orders.dto.js'
import { OrdersService } from './orders.service.js'

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  place(@Body({ schema: placeOrder }) order: PlaceOrder): Promise<OrderWith> {
    return this.orders.place(order)
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string): Promise<OrderWith> {
    return this.orders.find(id)
  }
}
