import { join } from 'node:path'

import { build } from 'esbuild'

import { ROOT } from './project.ts'

/** Returns the module of a Worker of `test/support/` with all that it imports. */
export async function bundledWorker(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'test/support', file)],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd'],
    external: ['cloudflare:*'],
  })
  return outputFiles[0]?.text ?? ''
}
