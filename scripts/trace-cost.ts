// What tracing() costs a request that nothing traces: node scripts/trace-cost.ts
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

const ROUNDS = 60
const REQUESTS = 20_000

const source = `
import { tracing } from './src/tracing.ts'
const session = { id: '', depth: 0, state: { is: 'none' } }
const feature = tracing()
export default {
  fetch({ url }) {
    const isTraced = url.includes('traced')
    for (let each = 0; each < ${REQUESTS}; each += 1) {
      if (isTraced) {
        feature.trace(session)
        feature.finish(session)
      }
    }
    return new Response()
  },
}`
const { outputFiles } = await build({
  stdin: { contents: source, resolveDir: new URL('..', import.meta.url).pathname, loader: 'ts' },
  bundle: true,
  write: false,
  format: 'esm',
  conditions: ['workerd'],
  external: ['cloudflare:*'],
})
const worker = {
  name: 'main',
  modules: true,
  script: outputFiles[0]?.text ?? '',
  compatibilityDate: '2026-11-01',
}
const miniflare = new Miniflare(convertV4MiniflareOptions({ workers: [worker] }))

/** The least time of a request, in milliseconds: what else the machine does only adds to it. */
async function leastOf(path: string): Promise<number> {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round += 1) {
    const begin = performance.now()
    // oxlint-disable-next-line no-await-in-loop
    await (await miniflare.dispatchFetch(`http://localhost/${path}`)).text()
    least = Math.min(least, performance.now() - begin)
  }
  return least
}

const microseconds = (((await leastOf('traced')) - (await leastOf('bare'))) * 1000) / REQUESTS
process.stdout.write(`tracing() where nothing traces: ${microseconds.toFixed(2)} us a request\n`)
await miniflare.dispose()
if (microseconds > 2) process.exitCode = 1
