/**
 * Finds, in the source of a schema, the declaration that a diagnostic is about: `tables.users.orgId` is the property `orgId` of
 * the object given to the `table(…)` that `tables.users` names, in whichever file it stands. Where the source computes what it
 * declares, the closest enclosing declaration is found instead.
 */
import { dirname } from 'node:path'
import type { CallSite, PathSegment } from '@sochdb/schema'
import { ts } from 'ts-morph'
import { resolveRelative, type ModuleGraph } from './module-graph.js'
import { locate, type Location } from './problem.js'
import type { SourceText } from './source-text.js'

interface Module {
  readonly source: SourceText
  readonly ast: ts.SourceFile
}

/** An expression, and the module it stands in. */
interface Site {
  readonly module: Module
  readonly node: ts.Node
}

const hopsMax = 32

export class DeclarationFinder {
  readonly #modules: ReadonlyMap<string, Module>
  readonly #entry: Module

  constructor(graph: ModuleGraph) {
    const modules = graph.modules.map(({ source }): Module => {
      return { source, ast: ts.createSourceFile(source.file, source.text, ts.ScriptTarget.ES2022, true) }
    })
    this.#modules = new Map(modules.map(module => [module.source.file, module]))
    this.#entry = modules[0]!
  }

  find(path: readonly PathSegment[]): Location {
    const root = this.#rootObject()
    let anchor: Site = root ?? { module: this.#entry, node: this.#entry.ast }
    let current = root
    for (const step of path) {
      if (current === undefined) break
      const found = typeof step === 'string' ? this.#property(current, step) : this.#call(current, step)
      if (found === undefined) break
      anchor = found.anchor
      current = found.value
    }
    return locate(anchor.module.source, anchor.node.getStart(anchor.module.ast))
  }

  /** The object given to `defineSchema` in the entry's default export. */
  #rootObject(): Site | undefined {
    const exported = this.#exported(this.#entry, 'default', 0)
    return exported === undefined ? undefined : this.#objectOf(exported)
  }

  /** The property of an object, or of the object that a declaring call was given. */
  #property(site: Site, name: string): { readonly anchor: Site; readonly value: Site } | undefined {
    const object = this.#objectOf(site)
    if (object === undefined) return undefined
    const { module } = object
    for (const member of [...(object.node as ts.ObjectLiteralExpression).properties].reverse()) {
      if (ts.isSpreadAssignment(member)) {
        const inner = this.#resolve({ module, node: member.expression }, 0)
        const found = inner === undefined ? undefined : this.#property(inner, name)
        if (found !== undefined) return found
      } else if (member.name !== undefined && nameOf(member.name) === name)
        return this.#member({ module, node: member }, member)
    }
    return undefined
  }

  #member(site: Site, member: ts.ObjectLiteralElementLike): { readonly anchor: Site; readonly value: Site } {
    const { module } = site
    const own: Site = { module, node: member.name! }
    const expression = ts.isPropertyAssignment(member) ? member.initializer : member.name!
    const value = this.#resolve({ module, node: expression as ts.Node }, 0)
    if (value === undefined) return { anchor: own, value: site }
    // A declaration that stands elsewhere is shown there; one that stands here, at its name.
    const elsewhere = value.module !== module || value.node.pos < member.pos || value.node.end > member.end
    return { anchor: elsewhere ? { module: value.module, node: firstOf(value.node) } : own, value }
  }

  /** The nth call of a method in the chain that makes a declaration. */
  #call(site: Site, { call, nth }: CallSite): { readonly anchor: Site; readonly value: Site } | undefined {
    const names = chainOf(site.node).filter(one => one.text === call)
    const name = names[nth]
    return name === undefined ? undefined : { anchor: { module: site.module, node: name }, value: site }
  }

  /** The object literal behind an expression: itself, or the argument of the call that begins its chain. */
  #objectOf(site: Site): Site | undefined {
    const resolved = this.#resolve(site, 0)
    if (resolved === undefined) return undefined
    if (ts.isObjectLiteralExpression(resolved.node)) return resolved
    if (!ts.isCallExpression(resolved.node)) return undefined
    const declaring = innermostCall(resolved.node)
    for (const argument of declaring.arguments) {
      const value = this.#resolve({ module: resolved.module, node: argument }, 0)
      if (value !== undefined && ts.isObjectLiteralExpression(value.node)) return value
    }
    return undefined
  }

  /** Follows names to what they stand for: variables, imports, properties of namespaces and objects. */
  #resolve(site: Site, hops: number): Site | undefined {
    if (hops > hopsMax) return undefined
    const { module } = site
    const node = unwrap(site.node)
    if (ts.isIdentifier(node)) return this.#variable(module, node.text, hops + 1)
    if (ts.isPropertyAccessExpression(node)) {
      const namespace = ts.isIdentifier(node.expression) ? this.#namespaceOf(module, node.expression.text) : undefined
      if (namespace !== undefined) return this.#exported(namespace, node.name.text, hops + 1)
      const object = this.#resolve({ module, node: node.expression }, hops + 1)
      return object === undefined ? undefined : this.#property(object, node.name.text)?.value
    }
    return { module, node }
  }

  #variable(module: Module, name: string, hops: number): Site | undefined {
    for (const statement of module.ast.statements) {
      if (ts.isVariableStatement(statement)) {
        for (const { name: declared, initializer } of statement.declarationList.declarations) {
          if (initializer === undefined || !ts.isIdentifier(declared) || declared.text !== name) continue
          return this.#resolve({ module, node: initializer }, hops)
        }
      } else if (ts.isImportDeclaration(statement)) {
        const imported = importedName(statement, name)
        const target = imported === undefined ? undefined : this.#moduleOf(module, statement.moduleSpecifier)
        if (target !== undefined) return this.#exported(target, imported!, hops)
      }
    }
    return undefined
  }

  #exported(module: Module, name: string, hops: number): Site | undefined {
    if (hops > hopsMax) return undefined
    for (const statement of module.ast.statements) {
      if (ts.isExportAssignment(statement) && name === 'default' && !statement.isExportEquals) {
        return this.#resolve({ module, node: statement.expression }, hops + 1)
      }
      if (!ts.isExportDeclaration(statement)) continue
      const { exportClause, moduleSpecifier } = statement
      const target = moduleSpecifier === undefined ? module : this.#moduleOf(module, moduleSpecifier)
      if (target === undefined) continue
      if (exportClause === undefined) {
        const found = this.#exported(target, name, hops + 1)
        if (found !== undefined) return found
      } else if (ts.isNamedExports(exportClause)) {
        const element = exportClause.elements.find(one => one.name.text === name)
        if (element === undefined) continue
        const local = (element.propertyName ?? element.name).text
        return target === module ? this.#variable(module, local, hops + 1) : this.#exported(target, local, hops + 1)
      }
    }
    return name === 'default' ? undefined : this.#variable(module, name, hops + 1)
  }

  #namespaceOf(module: Module, name: string): Module | undefined {
    for (const statement of module.ast.statements) {
      if (!ts.isImportDeclaration(statement)) continue
      const bindings = statement.importClause?.namedBindings
      if (bindings === undefined || !ts.isNamespaceImport(bindings) || bindings.name.text !== name) continue
      return this.#moduleOf(module, statement.moduleSpecifier)
    }
    return undefined
  }

  #moduleOf(module: Module, specifier: ts.Expression): Module | undefined {
    if (!ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return undefined
    const file = resolveRelative(dirname(module.source.file), specifier.text)
    return file === undefined ? undefined : this.#modules.get(file)
  }
}

/** The name an import gives `local` in the module it comes from. */
function importedName(statement: ts.ImportDeclaration, local: string): string | undefined {
  const clause = statement.importClause
  if (clause?.name?.text === local) return 'default'
  const bindings = clause?.namedBindings
  if (bindings === undefined || !ts.isNamedImports(bindings)) return undefined
  const element = bindings.elements.find(one => one.name.text === local)
  return element === undefined ? undefined : (element.propertyName ?? element.name).text
}

function nameOf(name: ts.PropertyName): string | undefined {
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name) ? name.text : undefined
}

/** Takes off what does not change a value: parentheses, `as`, `satisfies`, `!`. */
function unwrap(node: ts.Node): ts.Node {
  let current = node
  while (
    ts.isParenthesizedExpression(current) ||
    ts.isAsExpression(current) ||
    ts.isSatisfiesExpression(current) ||
    ts.isNonNullExpression(current)
  ) {
    current = current.expression
  }
  return current
}

/** Of `table(…).unique(…).index(…)`, the call `table(…)`; of `col.text().unique()`, the call `col.text()`. */
function innermostCall(call: ts.CallExpression): ts.CallExpression {
  let current = call
  for (;;) {
    const callee = unwrap(current.expression)
    if (!ts.isPropertyAccessExpression(callee)) return current
    const receiver = unwrap(callee.expression)
    if (!ts.isCallExpression(receiver)) return current
    current = receiver
  }
}

/** The method names of a chain, in the order they are called. */
function chainOf(node: ts.Node): ts.MemberName[] {
  const names: ts.MemberName[] = []
  let current = unwrap(node)
  while (ts.isCallExpression(current)) {
    const callee = unwrap(current.expression)
    if (!ts.isPropertyAccessExpression(callee)) break
    names.unshift(callee.name)
    current = unwrap(callee.expression)
  }
  return names
}

/** Where a chain begins. */
function firstOf(node: ts.Node): ts.Node {
  return ts.isCallExpression(node) ? innermostCall(node) : node
}
