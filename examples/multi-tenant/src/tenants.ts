/** Tenants as namespaces: each has keys, tables and collections of its own, and no name or key leads from one to another. */
import type { Database, Namespace } from 'sochdb'
import { DIMENSION, embed } from './embed.js'

export type Tier = 'premium' | 'standard'

/** Makes a tenant, or finds the one there is. */
export function openTenant(db: Database, name: string, tier: Tier): Namespace {
  const ns = db.getOrCreateNamespace(name, { labels: { tier } })
  ns.createCollection({ name: 'documents', dimension: DIMENSION, contentField: 'title' })
  ns.execute('CREATE TABLE IF NOT EXISTS users (email TEXT PRIMARY KEY, name TEXT NOT NULL)')
  return ns
}

export function addUser(ns: Namespace, email: string, name: string): void {
  ns.execute('INSERT INTO users VALUES (?, ?) ON CONFLICT (email) DO UPDATE SET name = excluded.name', [email, name])
}

/** A document with its embedding, and who wrote it under a key of the tenant: one transaction. */
export function addDocument(ns: Namespace, id: string, title: string, author: string): void {
  ns.transaction(txn => {
    txn.collection('documents').insert({ id, vector: embed(title), metadata: { title } })
    txn.putPath(`authors/${author}/${id}`, title)
  })
}

export function search(ns: Namespace, question: string): string[] {
  const hits = ns.collection('documents').hybridSearch({ vector: embed(question), textQuery: question, k: 3 })
  return Array.from(hits, ({ metadata }) => String(metadata.title))
}

/** What a tenant takes, to bill it or to hold it to a limit. */
export function usage(db: Database, name: string): string {
  const { labels, keyCount, collectionCount, tableCount } = db.namespaceInfo(name)
  return `${String(labels.tier)}, ${keyCount} keys, ${collectionCount} collection, ${tableCount} table`
}

/** Moves a tenant to another tier. Both records, or none: transactions reach several namespaces. */
export function changeTier(db: Database, name: string, tier: Tier): void {
  db.transaction(txn => {
    txn.updateNamespace(name, { labels: { tier } })
    txn.put(`billing/${name}`, tier)
  })
}
