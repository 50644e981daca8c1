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
