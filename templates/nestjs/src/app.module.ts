import { Module, StandardSchemaValidationPipe } from '@nestjs/common'
import { APP_FILTER, APP_PIPE } from '@nestjs/core'
import { TerminusModule } from '@nestjs/terminus'
import { SochdbExceptionFilter, SochdbModule } from '@sochdb/nestjs'
import { SochdbHealthIndicator } from '@sochdb/nestjs/health'
import { createClient } from '../sochdb/generated/index.js'
import { HealthController } from './health.controller.js'
import { NotesModule } from './notes/notes.module.js'

@Module({
  imports: [
    SochdbModule.forRootAsync({
      createClient,
      useFactory: () => ({ path: process.env['DATABASE'] ?? './app.soch' }),
    }),
    NotesModule,
    TerminusModule,
  ],
  controllers: [HealthController],
  providers: [
    SochdbHealthIndicator,
    // A key that is taken is a 409, a row that is not there a 404.
    { provide: APP_FILTER, useClass: SochdbExceptionFilter },
    // Input that its schema refuses is a 400.
    { provide: APP_PIPE, useValue: new StandardSchemaValidationPipe() },
  ],
})
export class AppModule {}
