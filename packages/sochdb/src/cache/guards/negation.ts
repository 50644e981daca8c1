/** Whether a text says or denies, and what it asks for where there is an opposite. English. */
const negations =
  /\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|cant|wont|dont|doesnt|didnt|isnt|arent|wasnt|werent|shouldnt|couldnt|wouldnt|hasnt|havent|hadnt|mustnt)\b|n['’]t\b|\bnon-/g

const opposites: readonly (readonly [string, string])[] = [
  ['enable', 'disable'],
  ['enabled', 'disabled'],
  ['allow', 'deny'],
  ['allow', 'forbid'],
  ['allowed', 'forbidden'],
  ['increase', 'decrease'],
  ['increased', 'decreased'],
  ['include', 'exclude'],
  ['including', 'excluding'],
  ['before', 'after'],
  ['minimum', 'maximum'],
  ['min', 'max'],
  ['least', 'most'],
  ['less', 'more'],
  ['fewer', 'more'],
  ['lowest', 'highest'],
  ['smallest', 'largest'],
  ['cheapest', 'most'],
  ['best', 'worst'],
  ['better', 'worse'],
  ['start', 'stop'],
  ['open', 'close'],
  ['opening', 'closing'],
  ['add', 'remove'],
  ['create', 'delete'],
  ['install', 'uninstall'],
  ['buy', 'sell'],
  ['buying', 'selling'],
  ['left', 'right'],
  ['up', 'down'],
  ['above', 'below'],
  ['import', 'export'],
  ['upload', 'download'],
  ['encode', 'decode'],
  ['encrypt', 'decrypt'],
  ['lock', 'unlock'],
  ['accept', 'reject'],
  ['approve', 'reject'],
  ['win', 'lose'],
  ['north', 'south'],
  ['east', 'west'],
  ['hot', 'cold'],
  ['legal', 'illegal'],
  ['possible', 'impossible'],
  ['safe', 'unsafe'],
  ['safe', 'dangerous'],
  ['true', 'false'],
  ['pros', 'cons'],
  ['advantages', 'disadvantages'],
  ['ascending', 'descending'],
  ['with', 'without'],
  ['subscribe', 'unsubscribe'],
  ['login', 'logout'],
  ['oldest', 'newest'],
  ['earliest', 'latest'],
  ['male', 'female'],
]
const opposed = new Map<string, string[]>()
for (const [a, b] of opposites) {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const)
    opposed.set(from, [...(opposed.get(from) ?? []), to])
}

export function sameNegation(a: string, b: string): boolean {
  const left = a.toLowerCase()
  const right = b.toLowerCase()
  if (isNegated(left) !== isNegated(right)) return false
  const leftWords = new Set(left.match(/[a-z]+/g))
  const rightWords = new Set(right.match(/[a-z]+/g))
  for (const word of leftWords) {
    if (rightWords.has(word)) continue
    if (opposed.get(word)?.some(other => rightWords.has(other) && !leftWords.has(other)) === true) return false
  }
  return true
}

/** Twice denied is said. */
const isNegated = (text: string): boolean => (text.match(negations)?.length ?? 0) % 2 === 1
