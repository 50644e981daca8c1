import { connection } from 'next/server'
import { db } from '../db'
import { addTask, toggleTask } from './actions'

export default async function TasksPage() {
  // Rendered when it is asked for: what the store holds is not known when the application is built.
  await connection()
  const lists = await db.lists.findMany({
    orderBy: { name: 'asc' },
    with: { tasks: { orderBy: { createdAt: 'asc' } } },
  })
  return (
    <main>
      <h1>Tasks</h1>
      {lists.map(list => (
        <section key={list.id}>
          <h2>{list.name}</h2>
          {list.tasks.map(({ id, title, done }) => (
            <form key={id} action={toggleTask.bind(null, id, !done)}>
              <button>{done ? 'Reopen' : 'Done'}</button> {done ? <s>{title}</s> : title}
            </form>
          ))}
        </section>
      ))}
      <form action={addTask}>
        <input name="title" placeholder="Task" aria-label="Task" required maxLength={200} />
        <input name="list" placeholder="List" aria-label="List" required maxLength={80} />
        <button>Add</button>
      </form>
    </main>
  )
}
