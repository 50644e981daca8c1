/** Curves as SVG: one line a peer, points with their values, the upper axis by powers of ten. */
const WIDTH = 760
const HEIGHT = 460
const LEFT = 78
const RIGHT = 190
const TOP = 48
const BOTTOM = 58
const COLORS = ['#0b6e4f', '#c44536', '#2b59c3', '#b8860b', '#6a4c93', '#4a4a4a']

const escaped = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
const short = n => (n >= 1000 ? `${Number((n / 1000).toPrecision(3))}k` : String(Number(n.toPrecision(3))))

/**
 * `series`: { name, points: [x, y][] }[], y above 0. `x`: { title, log, show(x) }. Returns the text of an SVG; undefined when there
 * is nothing to draw.
 */
export function plot({ title, x, y, series }) {
  const shown = series.filter(({ points }) => points.length > 0)
  const all = shown.flatMap(({ points }) => points)
  if (all.length === 0) return undefined
  const place = x.log ? Math.log10 : v => v
  const xs = all.map(([v]) => place(v))
  const [least, most] = [Math.min(...xs), Math.max(...xs)]
  const spread = most - least || 1
  const lowest = Math.floor(Math.log10(Math.min(...all.map(([, v]) => v))))
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...all.map(([, v]) => v)))))
  const atX = v => LEFT + 14 + ((place(v) - least) / spread) * (WIDTH - LEFT - RIGHT - 28)
  const atY = v => HEIGHT - BOTTOM - ((Math.log10(v) - lowest) / (highest - lowest)) * (HEIGHT - TOP - BOTTOM)
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="26" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 14}" text-anchor="middle">${escaped(x.title)}</text>`,
    `<text transform="translate(20 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.title)}</text>`,
  ]
  const line = (x1, y1, x2, y2, color) =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${color}"/>`
  for (let power = lowest; power <= highest; power++) {
    const level = atY(10 ** power)
    out.push(line(LEFT, level, WIDTH - RIGHT, level, '#ddd'))
    out.push(`<text x="${LEFT - 8}" y="${(level + 4).toFixed(1)}" text-anchor="end">${short(10 ** power)}</text>`)
  }
  const marks = x.marks ?? Array.from({ length: 6 }, (_, i) => least + (spread * i) / 5)
  for (const mark of marks) {
    const at = atX(mark)
    out.push(line(at, TOP, at, HEIGHT - BOTTOM, '#eee'))
    out.push(
      `<text x="${at.toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${escaped(x.show(mark))}</text>`,
    )
  }
  shown.forEach(({ name, points }, i) => {
    const color = COLORS[i % COLORS.length]
    const sorted = points.slice().sort(([a], [b]) => a - b)
    const path = sorted.map(([a, b]) => `${atX(a).toFixed(1)},${atY(b).toFixed(1)}`)
    if (path.length > 1) {
      out.push(`<polyline points="${path.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`)
    }
    for (const [a, b] of sorted) {
      const where = `cx="${atX(a).toFixed(1)}" cy="${atY(b).toFixed(1)}"`
      const told = `${name}: ${x.show(a)}, ${short(b)}`
      out.push(`<circle ${where} r="4" fill="${color}"><title>${escaped(told)}</title></circle>`)
    }
    const level = TOP + 14 + i * 20
    out.push(`<rect x="${WIDTH - RIGHT + 18}" y="${level - 9}" width="12" height="12" fill="${color}"/>`)
    out.push(`<text x="${WIDTH - RIGHT + 36}" y="${level + 1}">${escaped(name)}</text>`)
  })
  return `${[...out, '</svg>'].join('\n')}\n`
}

/** From rows as a suite measures them, "… recall@10" beside "… QPS": recall against queries a second. `valueOf(peer, row)`. */
export function recallCurves(peers, rows, valueOf) {
  const stems = rows.filter(row => row.endsWith(', QPS')).map(row => row.slice(0, -', QPS'.length))
  return peers.map(name => ({
    name,
    points: stems
      .map(stem => [valueOf(name, `${stem}, recall@10`), valueOf(name, `${stem}, QPS`)])
      .filter(([a, b]) => a !== undefined && b !== undefined),
  }))
}
