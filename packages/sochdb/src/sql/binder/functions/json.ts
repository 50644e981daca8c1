import type { FunctionTable } from './spec.js'

export const JSON_FUNCTIONS = {
  json: { number: 300, signature: 'J:J', aliases: ['jsonb'] },
  json_valid: { number: 301, signature: 'A:O' },
  json_extract: { number: 302, signature: 'JTT*:A', aliases: ['jsonb_extract'] },
  /** The operators -> and ->>. */
  json_member: { number: 303, signature: 'JA:J' },
  json_member_value: { number: 304, signature: 'JA:A' },
  json_type: { number: 305, signature: 'J[T]:T' },
  json_typeof: { number: 306, signature: 'J:T', aliases: ['jsonb_typeof'] },
  json_array_length: { number: 307, signature: 'J[T]:I', aliases: ['jsonb_array_length', 'json_length'] },
  json_keys: { number: 308, signature: 'J[T]:J' },
  json_quote: { number: 309, signature: 'A:J', aliases: ['to_json', 'to_jsonb'] },
  json_array: { number: 310, signature: 'A*:J', aliases: ['jsonb_array', 'json_build_array', 'jsonb_build_array'] },
  json_object: { number: 311, signature: 'A*:J', aliases: ['jsonb_object', 'json_build_object', 'jsonb_build_object'] },
  json_insert: { number: 312, signature: 'JA*:J', aliases: ['jsonb_insert'] },
  json_replace: { number: 313, signature: 'JA*:J', aliases: ['jsonb_replace'] },
  json_set: { number: 314, signature: 'JA*:J', aliases: ['jsonb_set'] },
  json_remove: { number: 315, signature: 'JT*:J', aliases: ['jsonb_remove'] },
  json_patch: { number: 316, signature: 'JJ:J', aliases: ['jsonb_patch', 'json_merge_patch'] },
  json_contains: { number: 317, signature: 'JJ:O', aliases: ['jsonb_contains'] },
  json_extract_path: { number: 318, signature: 'JT*:J', aliases: ['jsonb_extract_path'] },
  /** The operator ? of PostgreSQL. */
  json_has_key: { number: 319, signature: 'JT:O', aliases: ['jsonb_exists'] },
  /** ?| and ?&. */
  json_has_any_key: { number: 320, signature: 'JJ:O', aliases: ['jsonb_exists_any'] },
  json_has_all_keys: { number: 321, signature: 'JJ:O', aliases: ['jsonb_exists_all'] },
  /** `x[first:last]`, counted from 1. */
  array_slice: { number: 322, signature: 'JI[I]:J' },
} as const satisfies FunctionTable
