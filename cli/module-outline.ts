import { parse, type ParseResult } from '@babel/parser'

import type { Span } from './insert-item.ts'

/** What is known about a module: its exports, and where to add to it. */
export interface ModuleOutline {
  /** True if it has neither imports nor exports, like a script. */
  readonly isScript: boolean
  /** The names that it exports as values. */
  readonly names: ReadonlySet<string>
  /** The modules from which it exports all names. */
  readonly all: readonly string[]
  readonly imports: readonly (Span & { readonly source: Span })[]
  readonly statements: readonly Span[]
  /** The parts that must come first: the shebang, and directives such as 'use strict'. */
  readonly firsts: readonly Span[]
  readonly comments: readonly Span[]
}

/** Parses JavaScript or TypeScript, depending on the file's extension. Throws for invalid code. */
export function moduleOutline(text: string, path: string): ModuleOutline {
  const isTypeScript = /\.[cm]?tsx?$/.test(path)
  // In .ts files <T>value is a type assertion.
  const hasJsx = path.endsWith('x') || !isTypeScript
  const { program, comments } = parse(text, {
    sourceType: 'unambiguous',
    errorRecovery: true,
    plugins: [
      'decorators',
      ...(isTypeScript ? (['typescript'] as const) : []),
      ...(hasJsx ? (['jsx'] as const) : []),
    ],
  })
  const { body, interpreter, directives } = program
  const imports = body.filter((each) => each.type === 'ImportDeclaration')
  return {
    isScript: program.sourceType === 'script',
    ...exportsOf(body),
    imports: imports.map((each) => ({ ...spanOf(each), source: spanOf(each.source) })),
    statements: body.map(spanOf),
    firsts: [...(interpreter ? [interpreter] : []), ...directives].map(spanOf),
    comments: (comments ?? []).map(spanOf),
  }
}

function spanOf({ start, end }: { start?: number | null; end?: number | null }): Span {
  return { start: start ?? 0, end: end ?? 0 }
}

function exportsOf(body: readonly Statement[]): Pick<ModuleOutline, 'names' | 'all'> {
  const names = new Set<string>()
  const all: string[] = []
  for (const statement of body) {
    if (statement.type === 'ExportAllDeclaration' && statement.exportKind !== 'type') {
      all.push(statement.source.value)
    }
    if (statement.type === 'ExportNamedDeclaration' && statement.exportKind !== 'type') {
      for (const name of namesOf(statement)) names.add(name)
    }
  }
  return { names, all }
}

type Statement = ParseResult['program']['body'][number]
type Named = Extract<Statement, { type: 'ExportNamedDeclaration' }>

function namesOf({ declaration, specifiers }: Named): string[] {
  return [...specifiers.flatMap(specifiedName), ...declaredNames(declaration)]
}

function specifiedName(specifier: Named['specifiers'][number]): string[] {
  if ('exportKind' in specifier && specifier.exportKind === 'type') return []
  const { exported } = specifier
  return [exported.type === 'StringLiteral' ? exported.value : exported.name]
}

function declaredNames(declaration: Named['declaration']): string[] {
  if (declaration?.type === 'ClassDeclaration' || declaration?.type === 'FunctionDeclaration') {
    return declaration.id ? [declaration.id.name] : []
  }
  if (declaration?.type !== 'VariableDeclaration') return []
  return declaration.declarations.flatMap(({ id }) => boundNames(id))
}

type Pattern = { readonly type: string }

/** Returns the names bound by a pattern. */
function boundNames(pattern: Pattern): string[] {
  const node = pattern as Pattern & {
    readonly name?: string
    readonly properties?: readonly (Pattern & { readonly value?: Pattern })[]
    readonly elements?: readonly (Pattern | null)[]
    readonly left?: Pattern
    readonly argument?: Pattern
  }
  if (node.name !== undefined) return [node.name]
  const inner = [
    ...(node.properties ?? []).map((property) => property.value ?? property),
    ...(node.elements ?? []),
    node.left,
    node.argument,
  ]
  return inner.flatMap((each) => (each ? boundNames(each) : []))
}
