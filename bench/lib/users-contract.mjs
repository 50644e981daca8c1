/** The table that the SQL workload reads. */
const column = (name, type) => ({ name, type, nullable: false })

export const contract = {
  version: 1,
  tables: {
    users: {
      name: 'users',
      columns: [
        column('id', 'integer'),
        column('name', 'text'),
        column('email', 'text'),
        column('city', 'text'),
        column('age', 'integer'),
        column('score', 'real'),
      ],
      primaryKey: ['id'],
      indexes: [],
      checks: [],
      indexPolicy: 'balanced',
    },
  },
  relations: {},
  collections: {},
  nodes: {},
  edges: {},
  caches: {},
  kv: {},
}
