/** Times a body that does `operations` operations: best of `windows` windows, in microseconds of this process's CPU and of the wall. */
export function perOperation(operations, body, windows = 5) {
  let wall = Infinity
  let cpu = Infinity
  for (let i = 0; i < windows; i++) {
    const usage = process.cpuUsage()
    const started = performance.now()
    body(i)
    wall = Math.min(wall, ((performance.now() - started) * 1000) / operations)
    const used = process.cpuUsage(usage)
    cpu = Math.min(cpu, (used.user + used.system) / operations)
  }
  return { wall, cpu }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
