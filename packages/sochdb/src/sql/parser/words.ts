/** The words of the grammar, found without making a string of them, and which of them cannot be names. */

export type Dialect = 'auto' | 'sqlite' | 'postgres' | 'mysql'

const WORDS = `abort action add after all alter always analyse analyze and any array as asc at attach auto_increment
  autoincrement before begin between binary both by call cascade case cast change character char charset check chain
  checkpoint collate column columns comment commit concurrently conflict constraint convert copy create cross cube
  current current_catalog current_date current_role current_schema current_time current_timestamp current_user cycle
  data database databases date datetime deallocate declare default deferrable deferred delayed delete desc describe detach
  discard distinct distinctrow div do double drop duplicate each else end enforced engine enum escape except exclude
  exclusive execute exists explain extension extract fail false fetch fields filter first following for force foreign
  format from full fulltext function generated glob global grant group grouping groups having hash high_priority identity
  if ignore ilike immediate in include index indexed indexes inherits initially inner insert instead intersect interval
  into invisible is isnull isolation join json jsonb key keys last lateral leading left level like limit load local
  localtime localtimestamp lock low_priority match materialized merge minus minvalue mod mode modify names national
  natural next no not nothing notify notnull null nulls of off offset on only optimize option or order others outer over
  overlay overriding partition placing policy position pragma preceding precision prepare primary procedure query quick
  range read recursive references regexp reindex release rename repeatable replace reset respect restart restrict
  returning revoke right rlike role rollback rollup row rowid rows savepoint schema select separator sequence serializable
  session session_user set sets share show signed similar simple skip snapshot some sounds spatial start status stored
  straight_join strict substring substr symmetric table tables tablespace temp temporary ties then time timestamp
  timestamptz to trailing transaction trigger trim true truncate try_cast type unbounded union unique unknown unlock
  unsigned update use user using uuid vacuum value values variables varying verbose view virtual visible wait where when
  window with within without work write xor year zone zerofill quarter month week day hour minute second storage
  committed uncommitted nowait locked bytea consistent constraints plan`.match(/\S+/g)!

/** Cannot be a name unless quoted. */
const RESERVED = new Set(
  `all and any as both case cast check collate constraint create default distinct else except exists for foreign from
  group having in intersect into is isnull join leading limit not notnull null on or order primary references returning
  select table then to trailing union unique using values when where between`.match(/\S+/g),
)

/** Can be a name, but not an alias without AS in front of it: they go on with the clause. */
const NO_ALIAS = new Set(
  `cross natural inner left right full outer straight_join set offset fetch window with end asc desc over filter within
  do use force ignore indexed escape start lateral update delete insert lock respect like ilike glob regexp rlike between
  collate similar returning`.match(/\S+/g),
)

/** Open addressing: a slot is found from the hash that the lexer makes on its way. */
const MASK = 4095
const TABLE: (string | undefined)[] = new Array<string | undefined>(MASK + 1).fill(undefined)

for (const word of new Set(WORDS)) {
  let hash = 0
  for (let i = 0; i < word.length; ++i) hash = (Math.imul(hash, 31) + (word.charCodeAt(i) | 32)) | 0
  let slot = hash & MASK
  while (TABLE[slot] !== undefined) slot = (slot + 1) & MASK
  TABLE[slot] = word
}

/** The keyword at `start`, in lower case, or `undefined`. `hash`: of its characters | 32, times 31 each. */
export function keywordAt(text: string, start: number, end: number, hash: number): string | undefined {
  let slot = hash & MASK
  for (;;) {
    const word = TABLE[slot]
    if (word === undefined) return undefined
    if (word.length === end - start && matches(text, start, word)) return word
    slot = (slot + 1) & MASK
  }
}

function matches(text: string, start: number, word: string): boolean {
  for (let i = 0; i < word.length; ++i) {
    if ((text.charCodeAt(start + i) | 32) !== (word.charCodeAt(i) | 32)) return false
  }
  return true
}

const KEYWORDS: ReadonlySet<string> = new Set(WORDS)

/** Whether the word means something to the grammar somewhere. */
export function isKeyword(word: string): boolean {
  return KEYWORDS.has(word)
}

/** Whether a token of this type is a word: a name, or a keyword. */
export function isWord(type: string): boolean {
  const c = type.charCodeAt(0)
  return (c >= 97 && c <= 122) || type === '#name' || type === '#quoted'
}

/** Whether it can be a name as it stands. */
export function isName(type: string): boolean {
  if (type === '#name' || type === '#quoted') return true
  const c = type.charCodeAt(0)
  return c >= 97 && c <= 122 && !RESERVED.has(type)
}

/** Whether it can be an alias without AS in front of it. */
export function isBareAlias(type: string): boolean {
  return isName(type) && !NO_ALIAS.has(type)
}
