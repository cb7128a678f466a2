import { builtinModules } from 'node:module'

import { build } from 'esbuild'

/** Tools that a Worker does not have inside. */
const EXTERNAL = [
  ...builtinModules,
  'cloudflare:*',
  'node:*',
  'bun',
  'vitest',
  '@cloudflare/*',
  'miniflare',
  'esbuild',
  'wrangler',
]

/** Bundles a file of a project with the packages that the project has. Throws if anything is missing. */
export async function bundled(directory: string, path: string): Promise<void> {
  await build({
    absWorkingDir: directory,
    entryPoints: [path],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'browser'],
    external: EXTERNAL,
    logLevel: 'silent',
  })
}
