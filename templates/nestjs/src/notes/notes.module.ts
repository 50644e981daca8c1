import { Module } from '@nestjs/common'
import { SochdbModule } from '@sochdb/nestjs'
import type { Client } from '../../sochdb/generated/index.js'
import { NotesController } from './notes.controller.js'
import { NotesService } from './notes.service.js'

@Module({
  imports: [SochdbModule.forFeature<Client>(['notes'])],
  controllers: [NotesController],
  providers: [NotesService],
})
export class NotesModule {}
