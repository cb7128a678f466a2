import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const WORKERS = fileURLToPath(new URL('workers', import.meta.url))
const wrangler = createRequire(import.meta.resolve('wrangler/package.json'))
const esbuild = wrangler('esbuild') as {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>
}

/** Wrappers that measure a Worker from within. Each costs a request a little. */
export type Wrapper = 'looping' | 'counting'

const bundles = new Map<string, Promise<string>>()

/** Returns the module of a file in workers/ with all that it imports. Each is bundled once. */
export function bundleOf(source: string, wrapper?: Wrapper): Promise<string> {
  const key = `${source} ${wrapper ?? ''}`
  const bundle = bundles.get(key) ?? newBundle(source, wrapper)
  bundles.set(key, bundle)
  return bundle
}

/** Returns one module of a Worker that was built already, with all the modules that it is split over. */
export function bundleOfFile(path: string): Promise<string> {
  return built({ entryPoints: [path] })
}

function newBundle(source: string, wrapper: Wrapper | undefined): Promise<string> {
  const wrapped = `export * from './${source}'
import worker from './${source}'
import { wrapped } from './${wrapper}.mjs'
export default wrapped(worker)`
  return built(
    wrapper === undefined
      ? { entryPoints: [join(WORKERS, source)] }
      : { stdin: { contents: wrapped, resolveDir: WORKERS } },
  )
}

async function built(input: object): Promise<string> {
  const { outputFiles } = await esbuild.build({
    ...input,
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    define: { 'import.meta.env': '{}', 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  return outputFiles.map(({ text }) => text).join('')
}
