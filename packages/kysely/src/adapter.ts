import { DialectAdapterBase } from 'kysely'
import { connectedTarget, type ConnectionSource } from './connected.js'
import { lockMigrations } from './target.js'

export class SochdbAdapter extends DialectAdapterBase {
  #release: (() => void) | undefined

  override get supportsTransactionalDdl(): boolean {
    return true
  }

  override get supportsReturning(): boolean {
    return true
  }

  /** One process holds a store, so that the migrations of one database wait for each other in it. */
  override async acquireMigrationLock(db: ConnectionSource): Promise<void> {
    this.#release = await lockMigrations(await connectedTarget(db))
  }

  override async releaseMigrationLock(): Promise<void> {
    this.#release?.()
    this.#release = undefined
  }
}
