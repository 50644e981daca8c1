/** Which entry goes first where there are too many. Entries are known by their places; each has a size and a worth. */
export interface Weighed {
  readonly size: number
  /** What a hit of it saves. */
  readonly worth: number
}

export interface EvictionPolicy {
  /** `uses`: hits that are known from before. */
  add(place: string, weighed: Weighed, uses: number): void
  remove(place: string): void
  /** It was found. */
  touch(place: string): void
  /** What goes next, which is not `spared` unless nothing else is there; undefined: it is empty. */
  victim(spared: string | undefined): string | undefined
}
