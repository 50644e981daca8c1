import { DialectAdapterBase } from 'kysely'

export class SochdbAdapter extends DialectAdapterBase {
  override get supportsTransactionalDdl(): boolean {
    return true
  }

  override get supportsReturning(): boolean {
    return true
  }

  /** One process holds a store, and a migration runs in one serializable transaction: two of them conflict, and one fails. */
  override async acquireMigrationLock(): Promise<void> {}

  override async releaseMigrationLock(): Promise<void> {}
}
