import type { FunctionTable } from './spec.js'

export const OTHER_FUNCTIONS = {
  typeof: { number: 200, signature: 'A:T' },
  hex: { number: 201, signature: 'B:T' },
  to_hex: { number: 202, signature: 'I:T' },
  unhex: { number: 203, signature: 'T[T]:X' },
  encode: { number: 204, signature: 'BT:T' },
  decode: { number: 205, signature: 'TT:X' },
  quote: { number: 206, signature: 'A:T' },
  zeroblob: { number: 207, signature: 'I:X' },
  randomblob: { number: 208, signature: 'I:X', aliases: ['random_bytes', 'gen_random_bytes'], volatile: true },
  gen_random_uuid: { number: 209, signature: ':U', aliases: ['uuid', 'uuid4', 'uuid_generate_v4'], volatile: true },
  uuid7: { number: 210, signature: ':U', aliases: ['uuidv7', 'uuid_generate_v7'], volatile: true },
  vector_distance_cosine: { number: 211, signature: 'VV:R', aliases: ['cosine_distance', 'vector_distance_cos'] },
  vector_distance_l2: { number: 212, signature: 'VV:R', aliases: ['l2_distance'] },
  vector_distance_dot: { number: 213, signature: 'VV:R', aliases: ['inner_product'] },
  vector_dims: { number: 214, signature: 'V:I' },
  md5: { number: 215, signature: 'B:T' },
  to_char: { number: 216, signature: 'AT:T' },
} as const satisfies FunctionTable
