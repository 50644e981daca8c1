/** The table that the workload of repositories reads. */
const column = (name, type) => ({ name, type, nullable: false })

const ascending = column => ({ column, desc: false })

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
      indexes: [
        { name: 'users_age', columns: [ascending('age'), ascending('id')], unique: false },
        { name: 'users_email', columns: [ascending('email')], unique: true },
      ],
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
