import assert from 'node:assert/strict'
import { join } from 'node:path'
import { inspect } from 'node:util'

import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { ROOT } from './project.ts'
import { describe, it } from './suite.ts'

const SECRET = 'only-for-tests-only-for-tests-only-for-tests'
const WORKER = `
  import { createSessions } from './src/index.ts'
  import { memoryStore } from './src/store/memory.ts'
  const { withSession } = createSessions({ secrets: ['${SECRET}'], store: memoryStore() })
  export default {
    fetch: withSession(({ session }) => {
      session.set('cart', 'a-value')
      console.log(session)
      console.log({ in: { an: { object: session } } })
      return { id: session.id }
    }),
  }
`
const SHOWN = /^\{\s*id: '(?<id>[0-9a-f]+)',\s*isNew: true,\s*keys: \[ 'cart' \]\s*\}/m

describe('console.log(session)', () => {
  it('shows id, isNew and keys in Node', async () => {
    const { withSession } = createSessions({ secrets: [SECRET], store: memoryStore() })
    let said = ''
    const fetch = withSession(({ session }) => {
      session.set('cart', 'a-value')
      said = inspect(session)
      return { id: session.id }
    })
    const response = await fetch(new Request('https://app.example/'), {})
    const { id } = (await response.json()) as { id: string }
    assert.equal(SHOWN.exec(said)?.groups?.['id'], id)
  })

  it('shows them in workerd', async () => {
    const { outputFiles } = await build({
      stdin: { contents: WORKER, resolveDir: ROOT, sourcefile: join(ROOT, 'worker.js') },
      bundle: true,
      write: false,
      format: 'esm',
      external: ['cloudflare:*'],
    })
    const logs: string[] = []
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        modules: true,
        script: outputFiles[0]?.text ?? '',
        compatibilityDate: '2026-11-01',
        handleStructuredLogs: ({ message }) => void logs.push(message),
      }),
    )
    const response = await miniflare.dispatchFetch('https://app.example/')
    const { id } = (await response.json()) as { id: string }
    await miniflare.dispose()
    const said = logs.join('\n')
    assert.equal(SHOWN.exec(said)?.groups?.['id'], id, said)
    assert.match(said, /object: (\{|\[Object\])/)
    assert.doesNotMatch(said, /a-value/)
  })
})
