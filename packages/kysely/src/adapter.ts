import { DialectAdapterBase } from 'kysely'
import { lockMigrations, resolveTarget, type TargetOption } from './target.js'

export class SochdbAdapter extends DialectAdapterBase {
  readonly #target: TargetOption
  #release: (() => void) | undefined

  constructor(target: TargetOption) {
    super()
    this.#target = target
  }

  override get supportsTransactionalDdl(): boolean {
    return true
  }

  override get supportsReturning(): boolean {
    return true
  }

  /** One process holds a store, so that the migrations of one database wait for each other in it. */
  override async acquireMigrationLock(): Promise<void> {
    this.#release = await lockMigrations(await resolveTarget(this.#target))
  }

  override async releaseMigrationLock(): Promise<void> {
    this.#release?.()
    this.#release = undefined
  }
}
