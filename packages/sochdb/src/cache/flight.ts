/** Calls that several callers share: the first makes it, the others wait for it, and each may stop waiting. */

interface Flight<T> {
  readonly result: Promise<T>
  readonly controller: AbortController
  waiting: number
}

/**
 * Joins the call of this name, or makes it. What it throws everybody who waits hears, and nobody later. When the last of them has
 * stopped waiting, the call's own signal tells it so.
 */
export function shareCall<T>(
  flights: Map<string, unknown>,
  name: string,
  make: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const flight = (flights.get(name) as Flight<T> | undefined) ?? begin(flights, name, make)
  flight.waiting++
  if (signal === undefined) return flight.result
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      reject(signal.reason as Error)
      if (--flight.waiting > 0) return
      if (flights.get(name) === flight) flights.delete(name)
      flight.controller.abort(signal.reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

function begin<T>(flights: Map<string, unknown>, name: string, make: (signal: AbortSignal) => Promise<T>): Flight<T> {
  const controller = new AbortController()
  const result = make(controller.signal).finally(() => {
    if (flights.get(name) === flight) flights.delete(name)
  })
  result.catch(() => undefined) // each caller hears of it
  const flight: Flight<T> = { result, controller, waiting: 0 }
  flights.set(name, flight)
  return flight
}
