/** Whose request it is: the client of one shop. */
import { BadRequestException, Inject, Scope, type FactoryProvider } from '@nestjs/common'
import { REQUEST } from '@nestjs/core'
import { getClientToken } from '@sochdb/nestjs'
import type { IncomingMessage } from 'node:http'
import type { Client } from '../sochdb/generated/index.js'

const SHOP_CLIENT = Symbol('shop client')

/** Injects the client that sees the rows of the request's shop alone. */
export const ShopClient = (): ParameterDecorator & PropertyDecorator => Inject(SHOP_CLIENT)

/** In a real application the shop comes from a session or a token, and a guard has checked it. */
export const shopProvider: FactoryProvider<Client> = {
  provide: SHOP_CLIENT,
  scope: Scope.REQUEST,
  inject: [REQUEST, getClientToken()],
  useFactory: ({ headers }: IncomingMessage, db: Client) => {
    const shop = headers['x-shop']
    if (typeof shop !== 'string' || shop === '') throw new BadRequestException('The header x-shop is missing.')
    return db.$for({ tenant: shop })
  },
}
