import { z } from 'zod'
import { col, defineSchema, many, one, table } from '@sochdb/schema'

const lists = table('lists', {
  id: col.uuid().primaryKey().default('uuid7'),
  name: col.text(z.string().min(1).max(80)).unique(),
})

const tasks = table('tasks', {
  id: col.uuid().primaryKey().default('uuid7'),
  listId: col.uuid().references('lists.id', { onDelete: 'cascade' }),
  title: col.text(z.string().min(1).max(200)),
  done: col.boolean().default(false),
  createdAt: col.timestamp().default('now'),
}).index('listId', 'createdAt')

export default defineSchema({
  tables: { lists, tasks },
  relations: { lists: { tasks: many('tasks.listId') }, tasks: { list: one('lists', 'listId') } },
})
