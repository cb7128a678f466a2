import { join } from 'node:path'
import { Script } from 'node:vm'

import { build } from 'esbuild'

import type * as Entry from './entry.ts'

/** What the simulated Workers use of the library. */
export type Library = typeof Entry

/** What the code of one isolate finds in place of the globals of its runtime. */
export interface Globals {
  readonly setTimeout: (run: () => void, milliseconds: number) => number
  readonly clearTimeout: (id: number | undefined) => void
  readonly performance: { readonly now: () => number }
  readonly Date: DateConstructor
  readonly crypto: object
}

const NAMES = ['setTimeout', 'clearTimeout', 'performance', 'Date', 'crypto'] as const

/** Takes the place of `cloudflare:workers`: the base class of objects, and no exports. */
const WORKERS = `
  export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env } }
  export const exports = {}
  export const env = {}
`

/**
 * Returns a function that evaluates the library anew, as a new isolate does, with these globals. `root` is the project,
 * or a copy of it with a fault.
 */
export async function loadLibrary(root: string): Promise<(globals: Globals) => Library> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/simulation/entry.ts')],
    bundle: true,
    write: false,
    format: 'cjs',
    target: 'node20',
    plugins: [
      {
        name: 'cloudflare:workers',
        setup(plugin) {
          plugin.onResolve({ filter: /^cloudflare:workers$/ }, () => ({
            path: 'workers',
            namespace: 'simulated',
          }))
          plugin.onLoad({ filter: /^workers$/, namespace: 'simulated' }, () => ({
            contents: WORKERS,
            loader: 'js',
          }))
        },
      },
    ],
  })
  const [{ text } = { text: '' }] = outputFiles
  const script = new Script(`(function (module, ${NAMES.join(', ')}) {${text}\n})`, {
    filename: 'edge-session.js',
  })
  const evaluate = script.runInThisContext() as (...parameters: unknown[]) => void
  return (globals) => {
    const module = { exports: {} }
    evaluate(module, ...NAMES.map((name) => globals[name]))
    return module.exports as Library
  }
}
