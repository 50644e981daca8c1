import { NamespaceAccessError, type Database } from 'sochdb'
import { openTestDatabase } from 'sochdb/testing'

let db: Database
beforeEach(() => {
  db = openTestDatabase()
  db.createNamespace({ name: 'tenant_123', displayName: 'Acme Corp', labels: { tier: 'premium', region: 'us-east' } })
  db.createNamespace('tenant_456')
})
afterEach(() => db.close())

describe('10 Namespaces & Multi-Tenancy', () => {
  test('Creating Namespaces', () => {
    const info = db.namespaceInfo('tenant_123')
    expect(info.displayName).toBe('Acme Corp')
    expect(info.labels).toEqual({ tier: 'premium', region: 'us-east' })
    expect(db.namespaceInfo('tenant_456').labels).toEqual({})
  })

  test('Getting Namespaces', () => {
    expect(db.namespace('tenant_123').name).toBe('tenant_123')
    expect(db.getOrCreateNamespace('tenant_123').name).toBe('tenant_123')
    expect(db.namespaceExists('tenant_123')).toBe(true)
    expect(db.namespaceExists('tenant_789')).toBe(false)
    db.getOrCreateNamespace('tenant_789')
    expect(db.namespaceExists('tenant_789')).toBe(true)
  })

  test('Context Manager for Scoped Operations', () => {
    db.namespace('tenant_123').createCollection({ name: 'documents', dimension: 2 })
    db.useNamespace('tenant_123', ns => {
      ns.collection('documents').insert({ id: 'a', vector: [1, 0] })
      ns.put('config/key', 'value')
    })
    expect(db.namespace('tenant_123').getString('config/key')).toBe('value')
    expect(db.namespace('tenant_123').collection('documents').count()).toBe(1)
    expect(db.namespace('tenant_456').get('config/key')).toBeUndefined()
    expect(db.get('config/key')).toBeUndefined()
  })

  test('Namespace Operations', () => {
    expect(db.listNamespaces()).toEqual(['default', 'tenant_123', 'tenant_456'])

    db.namespace('tenant_123').put('key', 'value')
    const info = db.namespaceInfo('tenant_123')
    expect(new Date(info.createdAt!).toISOString()).toBe(info.createdAt)
    expect(info.sizeBytes).toBe('key'.length + 'value'.length)

    db.updateNamespace('tenant_123', { labels: { tier: 'enterprise' } })
    expect(db.namespaceInfo('tenant_123').labels).toEqual({ tier: 'enterprise' })

    db.createNamespace('old_tenant').put('key', 'value')
    expect(() => db.deleteNamespace('old_tenant')).toThrow(NamespaceAccessError)
    db.deleteNamespace('old_tenant', { force: true })
    expect(db.namespaceExists('old_tenant')).toBe(false)
  })

  test('Namespace-Scoped Key-Value', () => {
    const ns = db.namespace('tenant_123')
    ns.put('users/alice', 'data')
    expect(ns.getString('users/alice')).toBe('data')
    expect(Array.from(ns.scan('users/'), ([key, value]) => [key.toString(), value.toString()])).toEqual([
      ['users/alice', 'data'],
    ])
    // No prefix of a key of another namespace: nothing leads there.
    expect(db.get('tenant_123/users/alice')).toBeUndefined()
    ns.delete('users/alice')
    expect(ns.exists('users/alice')).toBe(false)
  })

  test('Cross-Namespace Operations', () => {
    const source = db.namespace('tenant_123')
    source.putBatch([
      ['shared/a', '1'],
      ['shared/b', '2'],
      ['private/c', '3'],
    ])
    const request = { sourceNs: 'tenant_123', targetNs: 'tenant_456', prefix: 'shared/' }
    expect(db.copyBetweenNamespaces(request)).toBe(2)
    const copied = Array.from(
      db.namespace('tenant_456').scan(),
      ([key, value]) => `${key.toString()}=${value.toString()}`,
    )
    expect(copied).toEqual(['shared/a=1', 'shared/b=2'])
  })
})
