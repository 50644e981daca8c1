/**
 * Numbers of a text, in one form: digits and words ("12", "twelve", "a dozen"), with their units ("5 km", "5 kilometres"), ordinals,
 * percents and amounts, and dates in the usual spellings. Two texts have the same when they have the same ones as often.
 */
const units: Readonly<Record<string, number>> = {
  zero: 0,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  couple: 2,
  dozen: 12,
  half: 0.5,
}
const tens: Readonly<Record<string, number>> = {
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
}
const scales: Readonly<Record<string, number>> = {
  hundred: 100,
  thousand: 1e3,
  k: 1e3,
  million: 1e6,
  m: 1e6,
  mn: 1e6,
  billion: 1e9,
  bn: 1e9,
  trillion: 1e12,
}
const ordinals: Readonly<Record<string, number>> = {
  first: 1,
  second: 2,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  seventh: 7,
  eighth: 8,
  ninth: 9,
  tenth: 10,
}
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthNames =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?'
const days: Readonly<Record<string, string>> = {
  monday: 'mon',
  tuesday: 'tue',
  wednesday: 'wed',
  thursday: 'thu',
  friday: 'fri',
  saturday: 'sat',
  sunday: 'sun',
  today: 'today',
  tonight: 'today',
  tomorrow: 'tomorrow',
  yesterday: 'yesterday',
}
const measures: Readonly<Record<string, readonly string[]>> = {
  km: ['km', 'kms', 'kilometer', 'kilometers', 'kilometre', 'kilometres'],
  mi: ['mi', 'mile', 'miles'],
  metre: ['meter', 'meters', 'metre', 'metres'],
  cm: ['cm', 'centimeter', 'centimeters', 'centimetre', 'centimetres'],
  mm: ['mm', 'millimeter', 'millimeters', 'millimetre', 'millimetres'],
  inch: ['in', 'inch', 'inches'],
  foot: ['ft', 'foot', 'feet'],
  kg: ['kg', 'kgs', 'kilo', 'kilos', 'kilogram', 'kilograms'],
  g: ['g', 'gram', 'grams'],
  lb: ['lb', 'lbs', 'pound', 'pounds'],
  ms: ['ms', 'millisecond', 'milliseconds'],
  s: ['s', 'sec', 'secs', 'second', 'seconds'],
  min: ['min', 'mins', 'minute', 'minutes'],
  h: ['h', 'hr', 'hrs', 'hour', 'hours'],
  day: ['day', 'days'],
  week: ['week', 'weeks'],
  month: ['month', 'months'],
  year: ['year', 'years', 'yr', 'yrs'],
  percent: ['%', 'percent', 'pct'],
  usd: ['usd', 'dollar', 'dollars', '$'],
  eur: ['eur', 'euro', 'euros', '€'],
  gbp: ['gbp', '£'],
  kb: ['kb', 'kilobyte', 'kilobytes'],
  mb: ['mb', 'megabyte', 'megabytes'],
  gb: ['gb', 'gigabyte', 'gigabytes'],
  tb: ['tb', 'terabyte', 'terabytes'],
  c: ['°c', 'celsius'],
  f: ['°f', 'fahrenheit'],
}
const unitOf = new Map(
  Object.entries(measures).flatMap(([unit, spelled]) => spelled.map(word => [word, unit] as const)),
)

const isoDate = /\b(\d{4})-(\d{1,2})-(\d{1,2})\b/g
const dayMonth = new RegExp(
  `\\b(\\d{1,2})(?:st|nd|rd|th)?(?:\\s+of)?\\s+(${monthNames})\\b\\.?(?:,?\\s+(\\d{4})\\b)?`,
  'g',
)
const monthDay = new RegExp(`\\b(${monthNames})\\.?\\s+(\\d{1,2})(?:st|nd|rd|th)?\\b(?:,?\\s+(\\d{4})\\b)?`, 'g')
const monthAlone = /\b(january|february|april|june|july|august|september|october|november|december)\b/g
const token = /[$€£]?\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?|%|°[cf]|[a-z]+|[$€£]/g

export function sameNumbers(a: string, b: string): boolean {
  const left = numbersOf(a)
  const right = numbersOf(b)
  return left.length === right.length && left.every((number, i) => number === right[i])
}

/** The numbers of a text, sorted. */
export function numbersOf(text: string): readonly string[] {
  const found: string[] = []
  const rest = takeDates(text.toLowerCase(), found)
  const words = rest.match(token) ?? []
  for (let i = 0; i < words.length;) i = takeNumber(words, i, found)
  return found.sort()
}

function takeDates(text: string, found: string[]): string {
  const date = (year: string | undefined, month: number, day: string): string => {
    found.push(`date ${year ?? ''}-${month}-${Number(day)}`)
    return ' '
  }
  const monthOf = (name: string): number => months.indexOf(name.slice(0, 3)) + 1
  return text
    .replace(isoDate, (_, year: string, month: string, day: string) => date(year, Number(month), day))
    .replace(dayMonth, (_, day: string, month: string, year?: string) => date(year, monthOf(month), day))
    .replace(monthDay, (_, month: string, day: string, year?: string) => date(year, monthOf(month), day))
    .replace(monthAlone, month => {
      found.push(`month ${monthOf(month)}`)
      return ' '
    })
}

/** Takes what begins at a word; returns where the next begins. */
function takeNumber(words: readonly string[], at: number, found: string[]): number {
  const word = words[at]!
  if (Object.hasOwn(days, word)) {
    found.push(`day ${days[word]!}`)
    return at + 1
  }
  if (Object.hasOwn(ordinals, word)) {
    found.push(`ordinal ${ordinals[word]!}`)
    return at + 1
  }
  const ordinal = /^(\d+)(?:st|nd|rd|th)$/.exec(word)
  if (ordinal !== null) {
    found.push(`ordinal ${Number(ordinal[1])}`)
    return at + 1
  }
  const read = /\d/.test(word) ? readDigits(words, at) : readWords(words, at)
  if (read === undefined) return at + 1
  found.push(`${read.value} ${read.unit}`)
  return read.next
}

/** Before what is no number, though it looks like one: version 3.10 is not 3.1. */
const versionWords: ReadonlySet<string> = new Set(['version', 'versions', 'v', 'ver', 'release', 'python', 'node'])

interface Read {
  readonly value: string
  readonly unit: string
  readonly next: number
}

function readDigits(words: readonly string[], at: number): Read {
  const [, sign = '', digits = ''] = /^([$€£]?)(.*)$/.exec(words[at]!)!
  const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(digits) ? digits.replaceAll(',', '') : digits
  const isVersion = versionWords.has(words[at - 1] ?? '')
  return finish(words, at + 1, isVersion || !Number.isFinite(Number(plain)) ? plain : Number(plain), unitOf.get(sign))
}

/** "twenty five", "two hundred", "three million"; undefined: no number begins here. */
function readWords(words: readonly string[], at: number): Read | undefined {
  const begins = (word: string): number | undefined =>
    Object.hasOwn(tens, word) ? tens[word] : Object.hasOwn(units, word) ? units[word] : undefined
  const isScale = (word: string): boolean => word.length > 2 && Object.hasOwn(scales, word)
  let value = begins(words[at]!)
  let next = at + 1
  if (value === undefined) {
    if (!isScale(words[at]!)) return undefined
    value = 1
    next = at
  } else if (Object.hasOwn(tens, words[at]!) && next < words.length) {
    const one = words[next] === 'one' ? 1 : units[words[next]!]
    if (one !== undefined && one >= 1 && one < 10 && Number.isInteger(one)) {
      value += one
      next++
    }
  }
  return finish(words, next, value, undefined)
}

function finish(words: readonly string[], next: number, value: number | string, unit: string | undefined): Read {
  let number = value
  while (typeof number === 'number' && next < words.length && Object.hasOwn(scales, words[next]!)) {
    number *= scales[words[next]!]!
    next++
  }
  const named = next < words.length ? unitOf.get(words[next]!) : undefined
  if (unit === undefined && named !== undefined) next++
  return { value: String(number), unit: unit ?? named ?? '', next }
}
