import { gzipSync } from 'node:zlib'

import { build, type Plugin } from 'esbuild'

import { ROOT, sourceOf } from './sources.ts'

/** Names that an application imports, by entry of the package. */
export type Imports = Readonly<Record<string, readonly string[]>>

export interface Size {
  /** Minified and gzipped at level 9. */
  readonly bytes: number
  /** The files of src/ that are in the bundle. */
  readonly files: readonly string[]
}

const GZIP_LEVEL = 9

/** Resolves the package's own entries to their sources. */
const fromSource: Plugin = {
  name: 'from source',
  setup: (bundling) => {
    bundling.onResolve({ filter: /^edge-session(\/|$)/ }, ({ path }) => ({
      path: ROOT + sourceOf(path, 'workerd'),
    }))
  },
}

/** Returns the size of an application's bundle that imports these names, and nothing else. */
export async function sizeOf(imports: Imports): Promise<Size> {
  const lines = Object.entries(imports).map(
    ([entry, names]) => `export { ${names.join(', ')} } from '${entry}'`,
  )
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: lines.join('\n'), resolveDir: ROOT },
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'esnext',
    conditions: ['workerd'],
    external: ['cloudflare:workers'],
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    plugins: [fromSource],
  })
  const [output] = Object.values(metafile.outputs)
  return {
    bytes: outputFiles.reduce(
      (sum, { contents }) => sum + gzipSync(contents, { level: GZIP_LEVEL }).length,
      0,
    ),
    files: Object.entries(output?.inputs ?? {})
      .filter(([path, { bytesInOutput }]) => path.startsWith('src/') && bytesInOutput > 0)
      .map(([path]) => path)
      .toSorted(),
  }
}
