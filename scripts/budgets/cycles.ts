import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'

import { parse } from '@babel/parser'

import { ROOT, sourceFiles } from './sources.ts'

/** The files that each file imports. */
type Imports = ReadonlyMap<string, readonly string[]>

/** Returns the groups of files of src/ that import each other, in a circle or more than one; imports of types count. */
export async function importCycles(): Promise<string[][]> {
  const files = await sourceFiles()
  const imports = files.map(
    async (path) => [path, importsOf(path, await readFile(ROOT + path, 'utf8'))] as const,
  )
  return cyclesOf(new Map(await Promise.all(imports)))
}

/** Returns the files that a file's text imports or exports from: statically, by `import()`, and in types. */
function importsOf(path: string, text: string): string[] {
  const specifiers = new Set<string>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const specifier = specifierOf(node)
    if (specifier?.startsWith('.') === true) specifiers.add(specifier)
    Object.values(node).forEach(visit)
  }
  visit(parse(text, { sourceType: 'module', plugins: ['typescript'] }).program)
  return Array.from(specifiers, (each) => posix.join(posix.dirname(path), each))
}

const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
])

function specifierOf(node: {
  readonly type?: string
  readonly source?: { readonly value?: string } | null
}): string | undefined {
  return IMPORTING.has(node.type ?? '') ? node.source?.value : undefined
}

/** Returns the strongly connected components of more than one file, or of one that imports itself. */
function cyclesOf(imports: Imports): string[][] {
  const reachable = new Map(
    Array.from(imports.keys(), (path) => [path, reachedFrom(path, imports)]),
  )
  const cycles = new Map<string, string[]>()
  for (const [path, reached] of reachable) {
    if (!reached.has(path)) continue
    const group = [...reached]
      .filter((other) => reachable.get(other)?.has(path) === true)
      .toSorted()
    cycles.set(group.join(), group)
  }
  return [...cycles.values()]
}

function reachedFrom(start: string, imports: Imports): Set<string> {
  const reached = new Set<string>()
  const waiting = [...(imports.get(start) ?? [])]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    waiting.push(...(imports.get(path) ?? []))
  }
  return reached
}
