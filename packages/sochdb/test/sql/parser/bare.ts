/** A tree without what is no part of its meaning: where nodes stand, how columns were written, and fields that say nothing. */
export function bare(node: unknown): unknown {
  if (node instanceof Uint8Array) return { bytes: [...node] }
  if (typeof node === 'bigint') return { bigint: String(node) }
  if (Array.isArray(node)) return node.map(bare)
  if (typeof node !== 'object' || node === null) return node
  const isItem = 'expression' in node && 'alias' in node
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => key !== 'at' && value !== undefined && !(isItem && key === 'text'))
      .map(([key, value]) => [key, bare(value)]),
  )
}
