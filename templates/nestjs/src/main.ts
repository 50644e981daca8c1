import { Logger } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'

const app = await NestFactory.create(AppModule)
// SIGTERM and SIGINT end requests first, then the store.
app.enableShutdownHooks()
await app.listen(Number(process.env['PORT'] ?? 3000))
Logger.log(`Listening on ${await app.getUrl()}`)
