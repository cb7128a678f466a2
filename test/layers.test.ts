import { describe, expect, test } from 'vitest'

/**
 * Lowest layer first. A file may import its own layer and those before it, never a later one. A layer is a folder, a file
 * of that name, or both.
 */
const LAYERS: readonly (readonly string[])[] = [
  ['errors'],
  ['codec'],
  ['migrate'],
  ['session'],
  ['record'],
  ['store'],
  ['request'],
  // The features, beside each other: none may import another.
  [
    'schema',
    'serialize',
    'adopt',
    'renew',
    'remember',
    'accounts',
    'once',
    'bound',
    'reload-on-back',
    'tracing',
  ],
  ['guard'],
  // `live` checks handshakes as the guards do.
  ['adapter', 'live'],
  ['index'],
  // What tests use; nothing that is deployed imports it.
  ['testing'],
]
/** The folders that see a request through its lifecycle only, and what they may import of `request/` besides types. */
const BESIDE_THE_LIFECYCLE = new Set(['guard', 'adapter', 'live'])
const LIFECYCLE = new Set([
  'request/lifecycle.ts',
  'request/create-sessions.ts',
  'request/problem.ts',
])
/** Import paths of former layouts that stay, and what they lead to. */
const FORMER_PATHS = new Map([['./http/clear-cookies', './codec/clear-cookies']])
const MAX_CODE_LINES = 200
/** What may be imported that is no file of ours: the layer, and the module. */
const PLATFORM = new Map([
  ['store', ['cloudflare:workers']],
  // The runtime's spans.
  ['tracing', ['cloudflare:workers']],
  // unstorage's own object.
  ['adapter/unstorage', ['cloudflare:workers']],
])
/** The framework of which a file may import types, and only those: its bytes are the application's own affair. */
const FRAMEWORKS = new Map([
  ['adapter/hono.ts', 'hono'],
  ['adapter/itty-router.ts', 'itty-router'],
  ['adapter/react-router.ts', 'react-router'],
  ['adapter/react-router-storage.ts', 'react-router'],
])

const sources = import.meta.glob<string>('../src/**/*.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const manifests = import.meta.glob<string>('../package.json', {
  query: '?raw',
  import: 'default',
  eager: true,
})
type File = readonly [path: string, source: string]

const files: readonly File[] = Object.entries(sources).map(([path, source]) => [
  path.replace('../src/', ''),
  source,
])

/** The folder of a file, or its own name where it lies in none. */
function layerNameOf(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '')
}

function layerOf(path: string): number {
  return LAYERS.findIndex((names) => names.includes(layerNameOf(path)))
}

/** The file that a relative import of this one means. */
function targetOf(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1)
}

/** The source without comments, so that nothing in them counts. */
function codeOf(source: string): string {
  return source.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

/** What a file imports or exports from elsewhere: types too, over several lines too, and by import(). */
function importsOf(source: string): string[] {
  const specifiers = codeOf(source).matchAll(
    /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"`])(.+?)\1/g,
  )
  return Array.from(specifiers, ([, , specifier = '']) => specifier)
}

/** The modules of which a file imports nothing but types. */
function typeImportsOf(source: string): string[] {
  const imports = codeOf(source).matchAll(/^import type\s[^'"]*?\bfrom\s*(['"])(.+?)\1/gm)
  return Array.from(imports, ([, , specifier = '']) => specifier)
}

/** True if a file imports nothing but types of this module, however often it does. */
function importsOnlyTypes(source: string, specifier: string): boolean {
  const all = importsOf(source).filter((other) => other === specifier)
  const types = typeImportsOf(source).filter((other) => other === specifier)
  return all.length === types.length
}

/** True if a file may import this, which is not a file of ours. */
function mayImport(path: string, source: string, specifier: string): boolean {
  const folders = [layerNameOf(path), path.split('/').slice(0, -1).join('/')]
  if (folders.some((folder) => PLATFORM.get(folder)?.includes(specifier) === true)) return true
  return FRAMEWORKS.get(path) === specifier && importsOnlyTypes(source, specifier)
}

/** What is wrong with an import of a file of ours; `undefined` if nothing is. */
function importFaultOf(path: string, source: string, specifier: string): string | undefined {
  const target = targetOf(path, specifier)
  const [own, other] = [layerNameOf(path), layerNameOf(target)]
  if (layerOf(target) < 0) return `imports ${specifier}, which is in no layer`
  if (layerOf(target) > layerOf(path)) return `imports upwards: ${specifier}`
  if (layerOf(target) === layerOf(path) && other !== own) return `imports a neighbour: ${specifier}`
  const isRestricted = BESIDE_THE_LIFECYCLE.has(own) && other === 'request'
  if (!isRestricted || LIFECYCLE.has(target) || importsOnlyTypes(source, specifier))
    return undefined
  return `imports past the lifecycle: ${specifier}`
}

/** The import cycles among these files, types included, each as its files from the first that was seen. */
function cyclesOf(all: readonly File[]): string[] {
  const imports = new Map(
    all.map(([path, source]) => [
      path,
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => targetOf(path, specifier)),
    ]),
  )
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' > '))
    if (start >= 0 || done.has(path)) return
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
  return cycles
}

function reexportsOf(source: string): number {
  const exported = /^\s*export\s+(?:type\s+)?(?:\*[^'"]*|\{[^}]*\}\s*)from\b/gm
  return codeOf(source).match(exported)?.length ?? 0
}

function codeLinesOf(source: string): number {
  return codeOf(source)
    .split('\n')
    .filter((line) => line.trim() !== '').length
}

/** Everything that is wrong with a file; nothing, if all is well. */
function faultsOf(path: string, source: string): string[] {
  const faults: string[] = []
  if (layerOf(path) < 0) faults.push('lies in no layer')
  for (const specifier of importsOf(source)) {
    if (specifier.startsWith('.')) faults.push(importFaultOf(path, source, specifier) ?? '')
    else if (!mayImport(path, source, specifier)) faults.push(`imports ${specifier}`)
  }
  if (path !== 'index.ts' && reexportsOf(source) > 1) faults.push('is a barrel')
  if (/^\s*export\s+\*/m.test(codeOf(source))) faults.push('exports everything of another')
  const lines = codeLinesOf(source)
  if (lines > MAX_CODE_LINES) faults.push(`has ${lines} lines of code`)
  return faults.filter((fault) => fault !== '')
}

test.for(files)('%s is in its layer, imports only downwards, and can be read', ([path, source]) => {
  expect(faultsOf(path, source)).toEqual([])
})

test('no file imports itself by way of others, types included', () => {
  expect(cyclesOf(files)).toEqual([])
})

describe('a cycle would be seen:', () => {
  const FIRST = ['request/a.ts', "import { b } from './b.ts'"] as const
  test.for<[what: string, files: readonly File[], cycle: string]>([
    ['of two', [FIRST, ['request/b.ts', "import { a } from './a.ts'"]], 'a.ts > b.ts > a.ts'],
    ['of a type', [FIRST, ['request/b.ts', "import type { A } from './a.ts'"]], 'b.ts > a.ts'],
    ['of types', [['errors.ts', "import type { A } from './errors.ts'"]], 'errors.ts > errors.ts'],
    ['by an export', [FIRST, ['request/b.ts', "export { a } from './a.ts'"]], 'b.ts > a.ts'],
    ['by import()', [FIRST, ['request/b.ts', "void import('./a.ts')"]], 'b.ts > a.ts'],
    [
      'of three, in two folders',
      [
        FIRST,
        ['request/b.ts', "import type { C } from '../request/deep/c.ts'"],
        ['request/deep/c.ts', "import { a } from '../a.ts'"],
      ],
      'request/a.ts > request/b.ts > request/deep/c.ts > request/a.ts',
    ],
    [
      'that is not where the search begins',
      [
        ['index.ts', "import { a } from './request/a.ts'"],
        FIRST,
        ['request/b.ts', "import { a } from './a.ts'"],
      ],
      'request/a.ts > request/b.ts > request/a.ts',
    ],
  ])('%s', ([, all, cycle]) => {
    const [found = '', ...others] = cyclesOf(all)
    expect(found.replaceAll('request/', '')).toContain(cycle.replaceAll('request/', ''))
    expect(others).toEqual([])
  })

  test('but a file that two others import is none', () => {
    const all: File[] = [
      ['index.ts', "import './request/a.ts'\nimport './request/b.ts'"],
      FIRST,
      ['request/b.ts', "import { c } from './c.ts'"],
      ['request/c.ts', "// import { a } from './a.ts'"],
    ]
    expect(cyclesOf(all)).toEqual([])
  })
})

test('every layer that exists is looked at', () => {
  const seen = new Set(files.map(([path]) => layerNameOf(path)))
  expect([...seen].toSorted()).toEqual(LAYERS.flat().toSorted())
  // The imports are found, too: all but a few files have some.
  const without = files.filter(([, source]) => importsOf(source).length === 0)
  expect(without.length).toBeLessThan(files.length / 4)
})

test('the entries of the package are sources of the same path', () => {
  const [text = ''] = Object.values(manifests)
  const { exports } = JSON.parse(text) as { exports: Record<string, { default?: string }> }
  const entries = Object.entries(exports).filter(([entry]) => entry !== './package.json')
  const paths = entries.map(([, { default: path = '' }]) => path.replace(/^\.\/dist\//, ''))
  expect(paths.map((path) => `./${path}`)).toEqual(
    entries.map(([entry]) =>
      entry === '.' ? './index.js' : `${FORMER_PATHS.get(entry) ?? entry}.js`,
    ),
  )
  const known = new Set(files.map(([path]) => path.replace(/ts$/, 'js')))
  expect(paths.filter((path) => !known.has(path))).toEqual([])
})

describe('a fault would be seen:', () => {
  test.for<[what: string, path: string, source: string, fault: string]>([
    ['an import', 'session/x.ts', "import { a } from '../request/open.ts'", 'upwards'],
    ['of a type', 'session/x.ts', "import type { A } from '../store/store.ts'", 'upwards'],
    ['of a type inside', 'session/x.ts', "import { type A } from '../store/store.ts'", 'upwards'],
    ['over lines', 'codec/x.ts', "import {\n  a,\n  type B,\n} from '../request/o.ts'", 'upwards'],
    ['of all', 'codec/x.ts', "import * as a from '../session/value.ts'", 'upwards'],
    ['of effects', 'session/x.ts', "import '../store/kv.ts'", 'upwards'],
    ['in an expression', 'session/x.ts', "const a = await import('../request/o.ts')", 'upwards'],
    ['over lines there', 'session/x.ts', "import(\n  '../request/o.ts'\n)", 'upwards'],
    ['as a type there', 'session/x.ts', "type A = import('../request/o.ts').A", 'upwards'],
    ['in double quotes', 'session/x.ts', 'import { a } from "../request/o.ts"', 'upwards'],
    ['by an export', 'errors.ts', "export { a } from './index.ts'", 'upwards'],
    ['from below', 'errors.ts', "import { a } from './codec/mac.ts'", 'upwards'],
    ['of codec', 'codec/x.ts', "import { a } from '../migrate/tornado.ts'", 'upwards'],
    ['of migrate', 'migrate/x.ts', "import { a } from '../session/data.ts'", 'upwards'],
    ['of session in codec', 'codec/x.ts', "import { a } from '../session/json.ts'", 'upwards'],
    ['of record', 'session/x.ts', "import type { A } from '../record/store.ts'", 'upwards'],
    ['of store', 'record/x.ts', "import type { A } from '../store/kv.ts'", 'upwards'],
    ['of request', 'store/x.ts', "import type { A } from '../request/options.ts'", 'upwards'],
    ['of a feature', 'request/x.ts', "import type { A } from '../accounts.ts'", 'upwards'],
    ['of its inside', 'request/x.ts', "import { A } from '../accounts/details.ts'", 'upwards'],
    ['of schema', 'request/x.ts', "import { checked } from '../schema.ts'", 'upwards'],
    ['of serialize', 'request/x.ts', "import { a } from '../serialize.ts'", 'upwards'],
    ['of adopt', 'request/x.ts', "import { adopting } from '../adopt.ts'", 'upwards'],
    ['of renew', 'request/x.ts', "import { renewing } from '../renew.ts'", 'upwards'],
    ['of a guard', 'accounts.ts', "import { a } from './guard/csrf.ts'", 'upwards'],
    ['of an adapter', 'guard/x.ts', "import { a } from '../adapter/hono.ts'", 'upwards'],
    ['of a neighbour', 'renew.ts', "import { accounts } from './accounts.ts'", 'a neighbour'],
    ['of its types', 'adopt/a.ts', "import type { A } from '../accounts.ts'", 'a neighbour'],
    ['of its parts', 'schema.ts', "import { a } from './adopt/old-cookies.ts'", 'a neighbour'],
    ['of the state', 'guard/x.ts', "import { a } from '../request/state.ts'", 'past the lifecycle'],
    ['of it there', 'adapter/x.ts', "import { type A } from '../request/open.ts'", 'past the'],
    ['of it deeper', 'adapter/x/y.ts', "import '../../request/response.ts'", 'past the'],
    ['of the platform in migrate', 'migrate/x.ts', "import 'cloudflare:workers'", 'imports cloud'],
    [
      'of Node in migrate',
      'migrate/x.ts',
      "import { createHmac } from 'node:crypto'",
      'imports node:',
    ],
    ['of the front', 'request/x.ts', "import { a } from '../index.ts'", 'upwards'],
    ['of what tests use', 'index.ts', "import { a } from './testing.ts'", 'upwards'],
    ['of its parts', 'guard/x.ts', "import { a } from '../testing/a.ts'", 'upwards'],
    ['of the platform in tests', 'testing.ts', "import 'cloudflare:workers'", 'imports cloud'],
    ['of Node in tests', 'testing/x.ts', "import { test } from 'node:test'", 'imports node:'],
    ['of no layer', 'request/x.ts', "import { a } from '../utils/a.ts'", 'in no layer'],
    ['of a test', 'request/x.ts', "import { a } from '../../test/a.ts'", 'in no layer'],
    ['of the platform', 'codec/x.ts', "import { env } from 'cloudflare:workers'", 'imports cloud'],
    ['of it in session', 'session/x.ts', "import 'cloudflare:workers'", 'imports cloud'],
    [
      'of it in request',
      'request/x.ts',
      "import { env } from 'cloudflare:workers'",
      'imports cloud',
    ],
    ['of Node', 'codec/x.ts', "import { createHmac } from 'node:crypto'", 'imports node:'],
    ['of Node in session', 'session/x.ts', "import fs from 'node:fs'", 'imports node:'],
    ['of Node in store', 'store/x.ts', "import fs from 'node:fs'", 'imports node:'],
    ['of a package', 'request/x.ts', "import type { A } from 'itty-router'", 'imports itty-router'],
    ['a framework’s code', 'adapter/hono.ts', "import { Hono } from 'hono'", 'imports hono'],
    ['a part of it', 'adapter/hono.ts', "import { type A, b } from 'hono'", 'imports hono'],
    ['inline types', 'adapter/hono.ts', "import { type A } from 'hono'", 'imports hono'],
    ['its code later', 'adapter/hono.ts', "const a = await import('hono')", 'imports hono'],
    ['its effects', 'adapter/hono.ts', "import 'hono'", 'imports hono'],
    ['its export', 'adapter/hono.ts', "export { Hono } from 'hono'", 'imports hono'],
    ['its inside', 'adapter/hono.ts', "import type { A } from 'hono/cors'", 'imports hono/cors'],
    ['another’s', 'adapter/hono.ts', "import type { A } from 'itty-router'", 'imports itty'],
    ['one in a guard', 'guard/hono.ts', "import type { A } from 'hono'", 'imports hono'],
    ['one in no adapter', 'adapter/refusal.ts', "import type { A } from 'hono'", 'imports hono'],
    ['the platform there', 'adapter/hono.ts', "import 'cloudflare:workers'", 'imports cloud'],
    ['unstorage', 'adapter/unstorage.ts', "import type { A } from 'unstorage'", 'imports unst'],
    ['a folder of no layer', 'utils/x.ts', 'const a = 1', 'lies in no layer'],
    ['a file of no layer', 'types.ts', 'const a = 1', 'lies in no layer'],
    [
      'a barrel',
      'request/x.ts',
      "export { a } from './a.ts'\nexport type { B } from './b.ts'",
      'is a barrel',
    ],
    [
      'a barrel over lines',
      'request/x.ts',
      "export {\n  a,\n} from './a.ts'\nexport {\n  type B,\n} from './b.ts'",
      'is a barrel',
    ],
    ['an export of all', 'request/x.ts', "export * from './a.ts'", 'exports everything'],
    ['the same in front', 'index.ts', "export * as a from './errors.ts'", 'exports everything'],
    ['a long file', 'request/x.ts', 'a()\n'.repeat(201), 'has 201 lines'],
  ])('%s', ([, path, source, fault]) => {
    expect(faultsOf(path, source)).toEqual([expect.stringContaining(fault)])
  })

  test.for<[what: string, path: string, source: string]>([
    ['a feature’s own part', 'accounts.ts', "import { a } from './accounts/details.ts'"],
    ['a feature’s front', 'adopt/x.ts', "import type { A } from '../adopt.ts'"],
    ['the core in a feature', 'renew.ts', "import { a } from './request/state.ts'"],
    ['a feature in a guard', 'guard/x.ts', "import type { A } from '../accounts.ts'"],
    ['the lifecycle in a guard', 'guard/x.ts', "import { a } from '../request/lifecycle.ts'"],
    ['problems in an adapter', 'adapter/x.ts', "import { a } from '../request/problem.ts'"],
    ['sessions in an adapter', 'adapter/x.ts', "import { a } from '../request/create-sessions.ts'"],
    ['types of the core there', 'adapter/x.ts', "import type { A } from '../request/setup.ts'"],
    ['downwards', 'session/x.ts', "import { a } from '../codec/mac.ts'"],
    ['downwards in migrate', 'migrate/x.ts', "import { a } from '../codec/mac.ts'"],
    ['migrate from session', 'session/x.ts', "import { a } from '../migrate/adoption.ts'"],
    ['its own layer', 'session/x.ts', "import { a } from './value.ts'"],
    ['the platform in a store', 'store/x.ts', "import { exports } from 'cloudflare:workers'"],
    [
      'several modules exported in front',
      'index.ts',
      "export { a } from './request/a.ts'\n".repeat(9),
    ],
    ['a framework’s types', 'adapter/hono.ts', "import type { A, B } from 'hono'"],
    ['over lines', 'adapter/hono.ts', "import type {\n  A,\n  B,\n} from 'hono'\n"],
    ['one of another module', 'store/x.ts', "export { A } from './a.ts'"],
    ['exports of its own', 'store/x.ts', 'export const a = 1\nexport type B = 2\nexport { c }\n'],
    ['what a comment says', 'codec/x.ts', "// from 'node:fs'\n/** import '../index.ts' */"],
    ['200 lines', 'request/x.ts', `${'a()\n\n'.repeat(200)}// a\n/*\n *\n */\n`],
  ])('but %s is no fault', ([, path, source]) => {
    expect(faultsOf(path, source)).toEqual([])
  })
})
