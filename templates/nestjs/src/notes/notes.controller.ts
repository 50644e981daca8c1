import { Body, Controller, Delete, Get, HttpCode, Param, ParseUUIDPipe, Patch, Post } from '@nestjs/common'
import type { Note, NoteWith } from '../../sochdb/generated/index.js'
import { changeNote, createNote } from './notes.dto.js'
import type { ChangeNote, CreateNote } from './notes.dto.js'
import { NotesService } from './notes.service.js'

@Controller('notes')
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Get()
  list(): Promise<NoteWith[]> {
    return this.notes.list()
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string): Promise<NoteWith> {
    return this.notes.find(id)
  }

  @Post()
  create(@Body({ schema: createNote }) note: CreateNote): Promise<Note> {
    return this.notes.create(note)
  }

  @Patch(':id')
  change(@Param('id', ParseUUIDPipe) id: string, @Body({ schema: changeNote }) change: ChangeNote): Promise<Note> {
    return this.notes.change(id, change)
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Param('id', ParseUUIDPipe) id: string): Promise<void> {
    return this.notes.remove(id)
  }
}
