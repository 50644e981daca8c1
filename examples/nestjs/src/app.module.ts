import { Module, StandardSchemaValidationPipe } from '@nestjs/common'
import { APP_FILTER, APP_PIPE } from '@nestjs/core'
import { TerminusModule } from '@nestjs/terminus'
import { SochdbExceptionFilter, SochdbModule } from '@sochdb/nestjs'
import { SochdbHealthIndicator } from '@sochdb/nestjs/health'
import { createClient, type Client } from '../sochdb/generated/index.js'
import { HealthController } from './health.controller.js'
import { OrdersController } from './orders/orders.controller.js'
import { OrdersService } from './orders/orders.service.js'
import { ProductsController } from './products/products.controller.js'
import { ProductsService } from './products/products.service.js'
import { shopProvider } from './shop.js'
import { ShopsController } from './shops.controller.js'

@Module({
  imports: [
    SochdbModule.forRootAsync({
      createClient,
      useFactory: () => ({ path: process.env['DATABASE'] ?? './shop.soch' }),
    }),
    SochdbModule.forFeature<Client>(['products']),
    TerminusModule,
  ],
  controllers: [HealthController, OrdersController, ProductsController, ShopsController],
  providers: [
    OrdersService,
    ProductsService,
    SochdbHealthIndicator,
    shopProvider,
    { provide: APP_FILTER, useClass: SochdbExceptionFilter },
    { provide: APP_PIPE, useValue: new StandardSchemaValidationPipe() },
  ],
})
export class AppModule {}
