/** A health indicator for `@nestjs/terminus`, apart from the rest: who does not use Terminus need not install it. */
import { Inject, Injectable } from '@nestjs/common'
import { ModuleRef } from '@nestjs/core'
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus'
import type { SochdbClient } from '../options.js'
import { getClientToken } from '../tokens.js'

/** Which store `pingCheck` asks. */
export interface SochdbPing<Client extends SochdbClient = SochdbClient> {
  /** The name of the client, where it has one. */
  readonly client?: string
  /** What is asked of the store. Default: a row, which writes nothing. With a write it is seen, too, whether the store takes any. */
  readonly probe?: (client: Client) => Promise<unknown>
}

/**
 * Tells whether a store answers.
 *
 * @example
 * @Get()
 * @HealthCheck()
 * check() {
 *   return this.health.check([() => this.sochdb.pingCheck('sochdb')])
 * }
 */
@Injectable()
export class SochdbHealthIndicator {
  readonly #indicators: HealthIndicatorService
  readonly #modules: ModuleRef

  constructor(
    @Inject(HealthIndicatorService) indicators: HealthIndicatorService,
    @Inject(ModuleRef) modules: ModuleRef,
  ) {
    this.#indicators = indicators
    this.#modules = modules
  }

  /**
   * Asks the store for a row. It is down when it cannot be opened, when it was made from another schema, and when the client is closed.
   * It answers on the calling thread, so there is nothing to wait for, and no timeout.
   *
   * @param key what the result is listed under
   */
  async pingCheck<const Key extends string = 'sochdb', Client extends SochdbClient = SochdbClient>(
    key: Key = 'sochdb' as Key,
    { client: name, probe = client => client.$sql`SELECT 1` }: SochdbPing<Client> = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const indicator = this.#indicators.check(key)
    const client = this.#modules.get<Client>(getClientToken(name), { strict: false })
    try {
      await probe(client)
      return indicator.up()
    } catch (error) {
      return indicator.down(error instanceof Error ? error.message : String(error))
    }
  }
}
