/** A progress bar on a terminal; elsewhere one line when the work is done. */
export class Progress {
  readonly #label: string
  readonly #total: number
  readonly #quiet: boolean
  readonly #started = performance.now()
  #shown = 0

  constructor(label: string, total: number, quiet: boolean) {
    this.#label = label
    this.#total = total
    this.#quiet = quiet
  }

  update(done: number): void {
    const now = performance.now()
    if (this.#quiet || !process.stdout.isTTY || (now - this.#shown < 80 && done < this.#total)) return
    this.#shown = now
    const width = 30
    const full = Math.round((width * done) / this.#total)
    const bar = '█'.repeat(full) + '░'.repeat(width - full)
    process.stdout.write(
      `\r  ${this.#label} ${bar} ${done.toLocaleString('en')} of ${this.#total.toLocaleString('en')}`,
    )
  }

  finish(): void {
    if (this.#quiet) return
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
    const seconds = (performance.now() - this.#started) / 1000
    console.log(`  ${this.#label}: ${this.#total.toLocaleString('en')} in ${seconds.toFixed(1)} s`)
  }
}
