import type { Metadata } from 'next'
import Form from 'next/form'
import Link from 'next/link'
import type { ReactNode } from 'react'
import './style.css'

export const metadata: Metadata = { title: 'Library' }

export default function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <header>
          <Link href="/">Library</Link>
          <Form action="/search">
            <input type="search" name="q" placeholder="Title, author, words" aria-label="Search" />
          </Form>
        </header>
        <main>{children}</main>
      </body>
    </html>
  )
}
