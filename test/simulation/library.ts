import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

import { build, type Plugin } from 'esbuild'

import type { accounts, UserIndex } from '../../src/accounts.ts'
import type { createSessions, SessionStore } from '../../src/index.ts'
import type { renewing } from '../../src/renew.ts'
import type { cached } from '../../src/store/cached.ts'
import type { kvStore } from '../../src/store/kv.ts'
import type { memoryStore } from '../../src/store/memory.ts'
import { type Version, versionOf } from './isolates.ts'
import { addNativeBytes } from './native-bytes.ts'
import type { ObjectClass } from './object-host.ts'
import type { Planted } from './planted.ts'

/** What the simulated Workers and their objects use of the library: the exports of test/support/simulation-worker.ts. */
export interface Library extends FormerLibrary {
  readonly accounts: typeof accounts
  readonly createSessions: typeof createSessions
  readonly renewing: typeof renewing
  readonly cached: typeof cached
  readonly kvStore: typeof kvStore
  readonly memoryStore: typeof memoryStore
  readonly durableObjectStore: (namespace: object) => SessionStore
  readonly userIndex: (namespace: object) => UserIndex
  readonly UserObject: ObjectClass
}

/** What is used of the library of the previous protocol. */
export interface FormerLibrary {
  readonly SessionObject: ObjectClass
}

/** Takes the place of `cloudflare:workers`: the base class of objects, and no exports. */
const WORKERS = `
  export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env } }
  export const exports = {}
  export const env = {}
`

/**
 * Returns the library. `planted` is a fault to put into the copy. Throws if its place is not there.
 */
export async function loadLibrary(root: string, planted?: Planted): Promise<Version<Library>> {
  return load<Library>(
    join(root, 'test/support/simulation-worker.ts'),
    planted === undefined ? [] : [plantingOf(root, planted)],
  )
}

/** Returns the plugin that puts a fault into its file, which is the only one that it is asked about. */
function plantingOf(root: string, { name, file, find, replace }: Planted): Plugin {
  return {
    name: 'planted',
    setup(plugin) {
      const filter = new RegExp(`/${file.replaceAll('.', String.raw`\.`)}$`)
      plugin.onLoad({ filter }, async ({ path }) => {
        if (relative(root, path) !== file) return undefined
        const text = await readFile(path, 'utf8')
        if (text.split(find).length !== 2) {
          throw new Error(`${name}: its place is not in ${file}, or not once.`)
        }
        return { contents: text.replace(find, () => replace), loader: 'ts' }
      })
    },
  }
}

/** Returns the same for the library of the previous protocol. */
export async function loadFormer(root: string): Promise<Version<FormerLibrary>> {
  return load<FormerLibrary>(join(root, 'test/fixtures/protocol-1.mjs'), [])
}

const WORKERS_MODULE: Plugin = {
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
}

async function load<Exports>(entry: string, plugins: Plugin[]): Promise<Version<Exports>> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'cjs',
    target: 'node20',
    plugins: [WORKERS_MODULE, ...plugins],
  })
  addNativeBytes()
  return versionOf((outputFiles[0] ?? { text: '' }).text)
}
