/** Times a body that does `operations` operations: the best of `windows` windows, in microseconds an operation. */
export function perOperation(operations, body, windows = 5) {
  let best = Infinity
  for (let i = 0; i < windows; i++) {
    const started = performance.now()
    body(i)
    best = Math.min(best, ((performance.now() - started) * 1000) / operations)
  }
  return best
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The nearest-rank percentile of sorted samples. */
export function percentile(sorted, p) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))]
}

/** Microseconds that a window of calls is allowed: slow peers do fewer calls, never fewer than one. */
const WINDOW_US = 300_000

/** Calls `body` with one of `inputs` after another: the best of `windows` windows, in microseconds a call. */
export function eachOf(inputs, body, windows = 7) {
  let best = Infinity
  let calls = Math.min(inputs.length, 1)
  for (let i = 0; i < windows; i++) {
    const started = performance.now()
    for (let n = 0; n < calls; n++) body(inputs[n])
    const each = ((performance.now() - started) * 1000) / calls
    best = Math.min(best, each)
    calls = nextCalls(each, inputs.length)
  }
  return best
}

/** The same for calls that give promises, one after the other. */
export async function eachOfAsync(inputs, body, windows = 7) {
  let best = Infinity
  let calls = Math.min(inputs.length, 1)
  for (let i = 0; i < windows; i++) {
    const started = performance.now()
    for (let n = 0; n < calls; n++) await body(inputs[n])
    const each = ((performance.now() - started) * 1000) / calls
    best = Math.min(best, each)
    calls = nextCalls(each, inputs.length)
  }
  return best
}

const nextCalls = (each, most) => Math.max(1, Math.min(most, Math.floor(WINDOW_US / each)))
