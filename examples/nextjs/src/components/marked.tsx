/** A highlighted text: what stands between `<mark>` and `</mark>` was found; all else is text, whatever it looks like. */
export function Marked({ text }: { readonly text: string }) {
  return text
    .split(/<mark>(.*?)<\/mark>/)
    .map((part, place) => (place % 2 === 1 ? <mark key={place}>{part}</mark> : part))
}
