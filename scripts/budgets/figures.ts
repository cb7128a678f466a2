import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import type { Work } from './application.ts'
import { importCycles } from './cycles.ts'
import type { Paths } from './path.ts'
import { type Made, madeByRequests } from './promises.ts'
import { type Size, sizeOf } from './sizes.ts'

/** What the sources cost, apart from time. */
export interface BudgetFigures {
  readonly sizes: Readonly<Record<'objects' | 'kv', Size>>
  readonly paths: Paths
  readonly made: Readonly<Record<Work, Made>>
  /** Groups of files that import each other. */
  readonly cycles: readonly (readonly string[])[]
}

/** Measures the sources of this tree, in some seconds. Needs Node 24, which runs them as they are. */
export async function budgetFigures(): Promise<BudgetFigures> {
  // First and alone, since whatever runs beside a request is counted with it.
  const made = await madeByRequests()
  const [objects, kv, paths, cycles] = await Promise.all([
    sizeOf({
      'edge-session': ['createSessions'],
      'edge-session/store/durable-object': ['durableObjectStore', 'SessionObject'],
    }),
    sizeOf({ 'edge-session': ['createSessions'], 'edge-session/store/kv': ['kvStore'] }),
    filesOnPaths(),
    importCycles(),
  ])
  return { sizes: { objects, kv }, paths, made, cycles }
}

async function filesOnPaths(): Promise<Paths> {
  const script = fileURLToPath(new URL('path.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script])
  return JSON.parse(stdout) as Paths
}
