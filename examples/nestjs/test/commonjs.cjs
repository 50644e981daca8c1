// A CommonJS application, as JavaScript: what `require` gives of Nest, of the module and of the generated client.
'use strict'
require('reflect-metadata')
const { Module } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const { TerminusModule } = require('@nestjs/terminus')
const { getClientToken, getRepositoryToken, SochdbModule } = require('@sochdb/nestjs')
const { SochdbHealthIndicator } = require('@sochdb/nestjs/health')
const { SochDBError, UniqueConstraintError } = require('sochdb')
const { createClient } = require('../dist/sochdb/generated/index.js')

class AppModule {}
Module({
  imports: [
    SochdbModule.forRoot({ createClient, path: ':memory:' }),
    SochdbModule.forFeature(['products']),
    TerminusModule,
  ],
  providers: [SochdbHealthIndicator],
})(AppModule)

async function main() {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false })
  const products = app.get(getRepositoryToken('products'))
  await products.insert({ shop: 'a', sku: 'CUP-1', name: 'Cup', priceCents: 1 })
  const again = await products
    .insert({ shop: 'a', sku: 'CUP-1', name: 'Cup', priceCents: 1 })
    .catch(error => error instanceof UniqueConstraintError && error instanceof SochDBError)
  const count = await app.get(getClientToken()).products.count()
  const health = await app.get(SochdbHealthIndicator).pingCheck('store')
  await app.close()
  console.log(JSON.stringify({ count, again, health }))
}
void main()
