/** Plans of queries inside queries, as text. */
import { explain } from '../../src/sql/plan/compile.js'
import { parseStatement } from '../../src/sql/parser/index.js'
import type { Statement } from '../../src/sql/ast/nodes.js'
import { sampleCatalog, snapshotOf } from './support.js'

const catalog = snapshotOf(sampleCatalog())
const plan = (sql: string) => explain(parseStatement(sql).statement as Statement, catalog)

test('a derived table that only selects is part of the query around it', () => {
  expect(plan('select * from (select id, size from documents where size > 3) d where d.id = 4')).toBe(
    'filter documents.size > 3\n  scan documents by primary key (id = 4) [id, size]',
  )
})

test('predicates go below grouping, and into the branches of a union', () => {
  expect(plan('select * from (select ownerId, count(*) n from documents group by ownerId) where ownerId = ?')).toBe(
    [
      'project documents.ownerId, count(*)',
      '  aggregate count(*) by documents.ownerId',
      '    scan documents by documents_owner (ownerId = $1) [ownerId]',
    ].join('\n'),
  )
  const union = 'select id from documents union all select documentId from tags'
  expect(plan(`select * from (${union}) u where u.id = 3`)).toBe(
    [
      'union all',
      '  scan documents by primary key (id = 3) [id]',
      '  scan tags by primary key (documentId = 3) [documentId]',
    ].join('\n'),
  )
})

test('NOT IN is an anti join where nothing can be NULL, else it is asked for each row', () => {
  expect(plan('select title from documents where id not in (select documentId from tags)')).toBe(
    [
      'project documents.title',
      '  anti loop join on documents.id = tags.documentId',
      '    scan documents by primary key [title, id]',
      '    scan tags by primary key [documentId]',
    ].join('\n'),
  )
  expect(plan('select title from documents where size not in (select documentId from tags)')).toContain('apply any on')
})

test('the value of a query that looks at no row opens an index', () => {
  expect(plan('select title from documents where id = (select max(documentId) from tags)')).toBe(
    [
      'project title',
      '  apply inner (@0 = scalar #10)',
      '    apply scalar',
      '      values 1 row',
      '      aggregate max(tags.documentId)',
      '        limit 1',
      '          scan tags by primary key backwards [documentId]',
      '    scan documents by primary key (id = @0) [title]',
    ].join('\n'),
  )
})

test('a value for each row comes from an index that its slot opens', () => {
  expect(plan('select title, (select max(weight) from tags where documentId = documents.id) from documents')).toBe(
    [
      'project documents.title, scalar #11',
      '  apply scalar (@0 = documents.id)',
      '    scan documents by primary key [title, id]',
      '    aggregate max(tags.weight)',
      '      scan tags by primary key (documentId = @0) [weight]',
    ].join('\n'),
  )
})

test('windows are above a sort by what divides and orders their rows; DISTINCT ON is one of them', () => {
  expect(plan('select distinct on (ownerId) title from documents order by ownerId, size desc')).toBe(
    [
      'project documents.title',
      '  filter rowNumber(…) = 1',
      '    window row_number() over (partition by documents.ownerId order by documents.size desc)',
      '      sort documents.ownerId, documents.size desc',
      '        scan documents by primary key [title, ownerId, size]',
    ].join('\n'),
  )
})

test('SET of a row is a lateral join; the rows to write are whole', () => {
  const query = 'select count(*), max(tag) from tags where documentId = id'
  expect(plan(`update documents set (size, title) = (${query}) where id < 9`)).toBe(
    [
      'update documents set size = count(*), title = max(tag)',
      '  apply left (@0 = documents.id)',
      '    scan documents by primary key (id < 9) [id, ownerId, title, size]',
      '    project count(*), max(…)',
      '      aggregate count(*), max(tags.tag)',
      '        scan tags by primary key (documentId = @0) [tag]',
    ].join('\n'),
  )
})

test('rows of a query get new ids of their own, and the time of the statement', () => {
  const text = plan('insert into users (orgId, email) select documentId, tag from tags')
  expect(text).toContain('uuid7()')
  expect(text).toContain('insert into users (orgId, email, id, createdAt)')
})
