'use server'

import { revalidatePath } from 'next/cache'
import { db } from '../db'

export async function addTask(form: FormData): Promise<void> {
  const name = String(form.get('list')).trim()
  const title = String(form.get('title')).trim()
  // A list and a task, both or neither. What the schema says of texts is checked before anything is written.
  await db.$transaction(async tx => {
    const list = await tx.lists.upsert({ create: { name }, update: { name }, on: ['name'] })
    await tx.tasks.insert({ listId: list.id, title })
  })
  revalidatePath('/')
}

export async function toggleTask(id: string, done: boolean): Promise<void> {
  await db.tasks.update({ id }, { done })
  revalidatePath('/')
}
