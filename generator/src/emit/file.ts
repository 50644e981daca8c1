/** Text of generated files: what is imported where, and how names and strings are spelled. */

export interface EmittedFile {
  /** Below the output directory, with `/`. */
  readonly path: string
  /** What the file was made of, for its header: `tables.users 1f3a…`. Absent in files that carry it in their data. */
  readonly made: string
  /** Without header; TypeScript not yet formatted. */
  readonly text: string
  readonly language: 'typescript' | 'json' | 'mermaid'
  /** The text is laid out as it shall be. */
  readonly formatted: boolean
}

/** Imports of one file, in a stable order. */
export class Imports {
  readonly #types = new Map<string, Set<string>>()
  readonly #values = new Map<string, Set<string>>()

  /** Notes a type, or `Name as Other`, and returns it. */
  type(module: string, name: string): string {
    return add(this.#types, module, name)
  }

  /** Notes a value, or `name as other`. */
  value(module: string, name: string): string {
    return add(this.#values, module, name)
  }

  /** The import statements and `body` below them. Types that `body` does not name are left out: compilers may refuse those. */
  above(body: string): string {
    const used = new Set(body.match(/[A-Za-z_$][A-Za-z0-9_$]*/g))
    const modules = [...new Set([...this.#types.keys(), ...this.#values.keys()])].sort(packagesFirst)
    const statements = modules.map(module => {
      const values = [...(this.#values.get(module) ?? [])].sort()
      const types = [...(this.#types.get(module) ?? [])]
        .filter(name => used.has(name.slice(name.lastIndexOf(' ') + 1)))
        .sort()
      if (values.length + types.length === 0) return ''
      if (values.length === 0) return `import type { ${types.join(', ')} } from '${module}'\n`
      return `import { ${[...values, ...types.map(name => `type ${name}`)].join(', ')} } from '${module}'\n`
    })
    return `${statements.join('')}\n${body}`
  }
}

function add(map: Map<string, Set<string>>, module: string, name: string): string {
  const names = map.get(module) ?? new Set()
  map.set(module, names.add(name))
  return name
}

function packagesFirst(a: string, b: string): number {
  const [left, right] = [a.startsWith('.') ? 1 : 0, b.startsWith('.') ? 1 : 0]
  return left - right || (a < b ? -1 : a > b ? 1 : 0)
}

/** A property name, quoted where it must be. */
export function property(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : quote(name)
}

/** A string literal in single quotes. */
export function quote(text: string): string {
  const body = JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")
  return `'${body.replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029')}'`
}

/** A doc comment; what could end it early is defused. */
export function doc(text: string): string {
  return `/** ${text.replace(/\*\//g, '*\\/').replace(/\s+/g, ' ')} */\n`
}

/** An exported interface of these members; `extended` names what it extends. */
export function interfaceText(name: string, members: readonly string[], comment?: string, extended?: string): string {
  const head = `export interface ${name}${extended === undefined ? '' : ` extends ${extended}`}`
  return `${comment === undefined ? '' : doc(comment)}${head} {\n${members.map(member => `  ${member}\n`).join('')}}\n\n`
}
