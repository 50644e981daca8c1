import { Injectable, NotFoundException } from '@nestjs/common'
import { InjectClient, InjectRepository } from '@sochdb/nestjs'
import type { Client, Note, NoteWith } from '../../sochdb/generated/index.js'
import type { ChangeNote, CreateNote } from './notes.dto.js'

@Injectable()
export class NotesService {
  constructor(
    @InjectClient() private readonly db: Client,
    @InjectRepository('notes') private readonly notes: Client['notes'],
  ) {}

  list(): Promise<NoteWith[]> {
    return this.notes.findMany({ with: { author: true }, orderBy: { stars: 'desc' }, limit: 50 })
  }

  find(id: string): Promise<NoteWith> {
    return this.notes.findOrThrow({ id }, { with: { author: true } })
  }

  /** The note, and its author where there is none of that address: both, or neither. */
  create({ email, ...note }: CreateNote): Promise<Note> {
    return this.db.$transaction(async tx => {
      const author = await tx.authors.upsert({ create: { email }, on: ['email'] })
      return tx.notes.insert({ ...note, authorId: author.id })
    })
  }

  async change(id: string, change: ChangeNote): Promise<Note> {
    const note = await this.notes.update({ id }, change)
    if (note === undefined) throw new NotFoundException('There is no such note.')
    return note
  }

  async remove(id: string): Promise<void> {
    if (!(await this.notes.delete({ id }))) throw new NotFoundException('There is no such note.')
  }
}
