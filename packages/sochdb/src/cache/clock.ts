/** What time it is for caches: the system's clock, or one that a test moves. */
let read: () => number = Date.now

/** Milliseconds since 1970. */
export const now = (): number => read()

/** Lets caches of this process go by another clock; undefined: by the system's again. */
export function setCacheClock(clock: (() => number) | undefined): void {
  read = clock ?? Date.now
}
