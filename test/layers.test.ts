import { describe, expect, test } from 'vitest'

/** Lowest layer first. A file may import its own layer and those before it, never a later one. */
const LAYERS = [
  'errors.ts',
  'codec',
  'migrate',
  'session',
  'record',
  'store',
  'request',
  'schema',
  'adopt',
  'accounts',
  'guard',
  'adapter',
  'index.ts',
  // What tests use; nothing that is deployed imports it.
  'testing',
  'testing.ts',
]
const MAX_CODE_LINES = 200
/** What may be imported that is no file of ours: the layer, and the module. */
const PLATFORM = new Map([['store', ['cloudflare:workers']]])
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
const files = Object.entries(sources).map(
  ([path, source]) => [path.replace('../src/', ''), source] as const,
)

function layerNameOf(path: string): string {
  return path.split('/')[0] ?? ''
}

function layerOf(path: string): number {
  return LAYERS.indexOf(layerNameOf(path))
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

/** Whether a file may import this, which is no file of ours, as often as it does. */
function mayImport(path: string, source: string, specifier: string): boolean {
  if ((PLATFORM.get(layerNameOf(path)) ?? []).includes(specifier)) return true
  const all = importsOf(source).filter((other) => other === specifier)
  const types = typeImportsOf(source).filter((other) => other === specifier)
  return FRAMEWORKS.get(path) === specifier && all.length === types.length
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
    const target = new URL(specifier, `file:///${path}`).pathname.slice(1)
    if (!specifier.startsWith('.')) {
      if (!mayImport(path, source, specifier)) faults.push(`imports ${specifier}`)
    } else if (layerOf(target) < 0) faults.push(`imports ${specifier}, which is in no layer`)
    else if (layerOf(target) > layerOf(path)) faults.push(`imports upwards: ${specifier}`)
  }
  if (path !== 'index.ts' && reexportsOf(source) > 1) faults.push('is a barrel')
  if (/^\s*export\s+\*/m.test(codeOf(source))) faults.push('exports everything of another')
  const lines = codeLinesOf(source)
  if (lines > MAX_CODE_LINES) faults.push(`has ${lines} lines of code`)
  return faults
}

test.for(files)('%s is in its layer, imports only downwards, and can be read', ([path, source]) => {
  expect(faultsOf(path, source)).toEqual([])
})

test('every layer that exists is looked at', () => {
  const seen = new Set(files.map(([path]) => layerNameOf(path)))
  expect([...seen]).toEqual(expect.arrayContaining(['errors.ts', 'codec', 'migrate', 'session']))
  expect([...seen]).toEqual(
    expect.arrayContaining(['store', 'http', 'guard', 'adapter', 'index.ts']),
  )
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
    entries.map(([entry]) => (entry === '.' ? './index.js' : `${entry}.js`)),
  )
  const known = new Set(files.map(([path]) => path.replace(/ts$/, 'js')))
  expect(paths.filter((path) => !known.has(path))).toEqual([])
})

describe('a fault would be seen:', () => {
  test.for<[what: string, path: string, source: string, fault: string]>([
    ['an import', 'session/x.ts', "import { a } from '../http/visit.ts'", 'upwards'],
    ['of a type', 'session/x.ts', "import type { A } from '../store/store.ts'", 'upwards'],
    ['of a type inside', 'session/x.ts', "import { type A } from '../store/store.ts'", 'upwards'],
    ['over lines', 'codec/x.ts', "import {\n  a,\n  type B,\n} from '../http/o.ts'", 'upwards'],
    ['of all', 'codec/x.ts', "import * as a from '../session/value.ts'", 'upwards'],
    ['of effects', 'session/x.ts', "import '../store/kv.ts'", 'upwards'],
    ['in an expression', 'session/x.ts', "const a = await import('../http/o.ts')", 'upwards'],
    ['over lines there', 'session/x.ts', "import(\n  '../http/o.ts'\n)", 'upwards'],
    ['as a type there', 'session/x.ts', "type A = import('../http/o.ts').A", 'upwards'],
    ['in double quotes', 'session/x.ts', 'import { a } from "../http/o.ts"', 'upwards'],
    ['by an export', 'errors.ts', "export { a } from './index.ts'", 'upwards'],
    ['from below', 'errors.ts', "import { a } from './codec/mac.ts'", 'upwards'],
    ['of codec', 'codec/x.ts', "import { a } from '../migrate/tornado.ts'", 'upwards'],
    ['of migrate', 'migrate/x.ts', "import { a } from '../session/data.ts'", 'upwards'],
    ['of the platform in migrate', 'migrate/x.ts', "import 'cloudflare:workers'", 'imports cloud'],
    [
      'of Node in migrate',
      'migrate/x.ts',
      "import { createHmac } from 'node:crypto'",
      'imports node:',
    ],
    ['of the front', 'http/x.ts', "import { a } from '../index.ts'", 'upwards'],
    ['of what tests use', 'index.ts', "import { a } from './testing.ts'", 'upwards'],
    ['of its parts', 'guard/x.ts', "import { a } from '../testing/a.ts'", 'upwards'],
    ['of the platform in tests', 'testing.ts', "import 'cloudflare:workers'", 'imports cloud'],
    ['of Node in tests', 'testing/x.ts', "import { test } from 'node:test'", 'imports node:'],
    ['of no layer', 'http/x.ts', "import { a } from '../utils/a.ts'", 'in no layer'],
    ['of a test', 'http/x.ts', "import { a } from '../../test/a.ts'", 'in no layer'],
    ['of the platform', 'codec/x.ts', "import { env } from 'cloudflare:workers'", 'imports cloud'],
    ['of it in session', 'session/x.ts', "import 'cloudflare:workers'", 'imports cloud'],
    ['of it in http', 'http/x.ts', "import { env } from 'cloudflare:workers'", 'imports cloud'],
    ['of Node', 'codec/x.ts', "import { createHmac } from 'node:crypto'", 'imports node:'],
    ['of Node in session', 'session/x.ts', "import fs from 'node:fs'", 'imports node:'],
    ['of Node in store', 'store/x.ts', "import fs from 'node:fs'", 'imports node:'],
    ['of a package', 'http/x.ts', "import type { A } from 'itty-router'", 'imports itty-router'],
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
      'http/x.ts',
      "export { a } from './a.ts'\nexport type { B } from './b.ts'",
      'is a barrel',
    ],
    [
      'a barrel over lines',
      'http/x.ts',
      "export {\n  a,\n} from './a.ts'\nexport {\n  type B,\n} from './b.ts'",
      'is a barrel',
    ],
    ['an export of all', 'http/x.ts', "export * from './a.ts'", 'exports everything'],
    ['the same in front', 'index.ts', "export * as a from './errors.ts'", 'exports everything'],
    ['a long file', 'http/x.ts', 'a()\n'.repeat(201), 'has 201 lines'],
  ])('%s', ([, path, source, fault]) => {
    expect(faultsOf(path, source)).toEqual([expect.stringContaining(fault)])
  })

  test.for<[what: string, path: string, source: string]>([
    ['downwards', 'session/x.ts', "import { a } from '../codec/mac.ts'"],
    ['downwards in migrate', 'migrate/x.ts', "import { a } from '../codec/mac.ts'"],
    ['migrate from session', 'session/x.ts', "import { a } from '../migrate/adoption.ts'"],
    ['its own layer', 'session/x.ts', "import { a } from './value.ts'"],
    ['the platform in a store', 'store/x.ts', "import { exports } from 'cloudflare:workers'"],
    [
      'several modules exported in front',
      'index.ts',
      "export { a } from './http/a.ts'\n".repeat(9),
    ],
    ['a framework’s types', 'adapter/hono.ts', "import type { A, B } from 'hono'"],
    ['over lines', 'adapter/hono.ts', "import type {\n  A,\n  B,\n} from 'hono'\n"],
    ['one of another module', 'store/x.ts', "export { A } from './a.ts'"],
    ['exports of its own', 'store/x.ts', 'export const a = 1\nexport type B = 2\nexport { c }\n'],
    ['what a comment says', 'codec/x.ts', "// from 'node:fs'\n/** import '../index.ts' */"],
    ['200 lines', 'http/x.ts', `${'a()\n\n'.repeat(200)}// a\n/*\n *\n */\n`],
  ])('but %s is no fault', ([, path, source]) => {
    expect(faultsOf(path, source)).toEqual([])
  })
})
