import { db } from './db'
import { addBook } from './library'

const books = [
  {
    author: 'Mary Shelley',
    title: 'Frankenstein',
    year: 1818,
    about: 'A student makes a creature out of dead bodies, and leaves it alone.',
  },
  {
    author: 'Mary Shelley',
    title: 'The Last Man',
    year: 1826,
    about: 'A plague empties the Earth in the twenty-first century.',
  },
  {
    author: 'Jules Verne',
    title: 'Twenty Thousand Leagues under the Seas',
    year: 1870,
    about: 'Captain Nemo and his submarine, the Nautilus.',
  },
  {
    author: 'H. G. Wells',
    title: 'The Time Machine',
    year: 1895,
    about: 'A traveller finds what mankind has become in 802,701.',
  },
  { author: 'Karel Čapek', title: 'R.U.R.', year: 1921, about: 'The play that gave robots their name; they rebel.' },
]

/** A first shelf for an empty library. */
export async function seed(): Promise<void> {
  if (await db.books.exists()) return
  for (const book of books) await addBook(book)
}
