/** All scalar functions that plans call by number, by their names in every dialect. */
import { DATE_FUNCTIONS } from './date.js'
import { JSON_FUNCTIONS } from './json.js'
import { MATH_FUNCTIONS } from './math.js'
import { OTHER_FUNCTIONS } from './other.js'
import { REGEXP_FUNCTIONS } from './regexp.js'
import type { FunctionSpec } from './spec.js'
import { TEXT_FUNCTIONS } from './text.js'

const TABLE = {
  ...TEXT_FUNCTIONS,
  ...MATH_FUNCTIONS,
  ...OTHER_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...JSON_FUNCTIONS,
  ...REGEXP_FUNCTIONS,
}

export type FunctionName = keyof typeof TABLE

export const FUNCTIONS: Readonly<Record<FunctionName, FunctionSpec>> = TABLE

const BY_NAME = new Map<string, FunctionName>()
for (const name of Object.keys(FUNCTIONS) as FunctionName[]) {
  BY_NAME.set(name, name)
  for (const alias of FUNCTIONS[name].aliases ?? []) BY_NAME.set(alias, name)
}

/** `name` in lower case. */
export function functionOfName(name: string): FunctionName | undefined {
  return BY_NAME.get(name)
}

export function functionNames(): Iterable<string> {
  return BY_NAME.keys()
}
