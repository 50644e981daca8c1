import type { FunctionTable } from './spec.js'

export const DATE_FUNCTIONS = {
  date: { number: 250, signature: 'MT*:T' },
  time: { number: 251, signature: 'MT*:T' },
  datetime: { number: 252, signature: 'MT*:T' },
  julianday: { number: 253, signature: 'MT*:R' },
  unixepoch: { number: 254, signature: 'MT*:I', aliases: ['unix_timestamp'] },
  strftime: { number: 255, signature: 'TMT*:T' },
  date_part: { number: 256, signature: 'TM:R' },
  date_trunc: { number: 257, signature: 'TM:D' },
  add_interval: { number: 258, signature: 'DT:D', aliases: ['date_add', 'adddate'] },
  subtract_interval: { number: 259, signature: 'DT:D', aliases: ['date_sub', 'subdate', 'date_subtract'] },
  datediff: { number: 260, signature: 'MM:I' },
  /** In days: there is no type for intervals. */
  age: { number: 261, signature: 'MM:R' },
  to_timestamp: { number: 262, signature: 'R:D', aliases: ['from_unixtime'] },
  make_timestamp: { number: 263, signature: 'IIIIIR:D' },
  date_format: { number: 264, signature: 'MT:T' },
  last_day: { number: 265, signature: 'M:T' },
} as const satisfies FunctionTable
