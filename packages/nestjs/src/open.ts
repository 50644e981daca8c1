/** From settings to a client whose store is open. */
import { Logger } from '@nestjs/common'
import { DatabaseLockedError, ValidationError } from 'sochdb'
import type { CreateClient, SochdbClient, SochdbSettings } from './options.js'

const RETRY_ATTEMPTS_DEFAULT = 10
const RETRY_DELAY_MS_DEFAULT = 500

const logger = new Logger('SochdbModule')

/**
 * @throws ValidationError where the settings make no sense
 * @throws what opening throws: DatabaseLockedError when the store is still held after all tries
 */
export async function openClient(createClient: CreateClient, settings: SochdbSettings): Promise<SochdbClient> {
  const { lazy = false, retryAttempts, retryDelayMs, ...options } = checkSettings(settings)
  const client = createClient(options)
  if (lazy) return client
  try {
    await openStore(client, retryAttempts ?? RETRY_ATTEMPTS_DEFAULT, retryDelayMs ?? RETRY_DELAY_MS_DEFAULT)
  } catch (error) {
    await client.$close()
    throw error
  }
  return client
}

async function openStore(client: SochdbClient, retries: number, delayMs: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      // The first call opens the store, and sees whether it was made from the schema that the client knows.
      await client.$sql`SELECT 1`
      return
    } catch (error) {
      if (!(error instanceof DatabaseLockedError) || attempt > retries) throw error
      logger.warn(`${error.message} Trying again in ${String(delayMs)} ms (${String(attempt)} of ${String(retries)}).`)
      await new Promise(resolve => setTimeout(resolve, delayMs))
    }
  }
}

function checkSettings(settings: SochdbSettings): SochdbSettings {
  if (typeof settings !== 'object' || settings === null) {
    throw new ValidationError(
      'The settings of a client are an object, such as { path: "./app.soch" }: see what useFactory, or createSochdbOptions, gives.',
    )
  }
  for (const name of ['retryAttempts', 'retryDelayMs'] as const) {
    const value = settings[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      throw new ValidationError(`SochdbModule: ${name} is an integer, 0 or more.`)
    }
  }
  return settings
}
