import { describe, expect, test } from 'vitest'

/** Lowest layer first. A file may import its own layer and those before it, never a later one. */
const LAYERS = ['errors.ts', 'codec', 'session', 'store', 'http', 'guard', 'adapter', 'index.ts']
const MAX_CODE_LINES = 200

const sources = import.meta.glob<string>('../src/**/*.ts', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const files = Object.entries(sources).map(
  ([path, source]) => [path.replace('../src/', ''), source] as const,
)

function layerOf(path: string): number {
  return LAYERS.indexOf(path.split('/')[0] ?? '')
}

/** What a file imports or exports from elsewhere: types too, over several lines too, and by import(). */
function importsOf(source: string): string[] {
  const specifiers = source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)
  return Array.from(specifiers, ([, specifier = '']) => specifier)
}

function upwardImports(path: string, source: string): string[] {
  return importsOf(source)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => new URL(specifier, `file:///${path}`).pathname.slice(1))
    .filter((target) => layerOf(target) > layerOf(path))
}

describe.for(files)('%s', ([path, source]) => {
  test('lies in a layer and imports only downwards', () => {
    expect(layerOf(path)).toBeGreaterThanOrEqual(0)
    expect(upwardImports(path, source)).toEqual([])
  })

  test('depends on no package, and on the platform only where it may', () => {
    const foreign = importsOf(source).filter((specifier) => !specifier.startsWith('.'))
    const isStore = path.startsWith('store/')
    expect(foreign.filter((specifier) => !isStore || specifier !== 'cloudflare:workers')).toEqual(
      [],
    )
  })

  test('is no barrel, and has a size that can be read', () => {
    const reexports = path === 'index.ts' ? [] : source.match(/^export .* from /gm)
    expect(reexports?.length ?? 0).toBeLessThanOrEqual(1)
    const withoutComments = source.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
    const lines = withoutComments.split('\n').filter((line) => line.trim() !== '')
    expect(lines.length).toBeLessThanOrEqual(MAX_CODE_LINES)
  })
})

test('an upward import would be seen, however it is written', () => {
  const written = [
    "import { a } from '../http/visit.ts'",
    "import type { A } from '../store/store.ts'",
    "import {\n  a,\n  type B,\n} from '../http/options.ts'",
    "export { a } from '../index.ts'",
    "import '../store/kv.ts'",
    "const a = await import('../http/open.ts')",
  ]
  for (const source of written) expect(upwardImports('session/x.ts', source)).toHaveLength(1)
  expect(upwardImports('session/x.ts', "import { a } from '../codec/mac.ts'")).toEqual([])
})
