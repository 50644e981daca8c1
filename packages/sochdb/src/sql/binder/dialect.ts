/** What a dialect changes in the meaning of a query. The executor sees none of it: the binder writes it out. */
export type Dialect = 'auto' | 'sqlite' | 'postgres' | 'mysql'
