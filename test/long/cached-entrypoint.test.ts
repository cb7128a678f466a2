import assert from 'node:assert/strict'
import { join } from 'node:path'

import { build } from 'esbuild'

import { newDirectory, ROOT } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'

it('the recipe of docs/caching.md passes props to its inner entrypoint, in workerd', async () => {
  const directory = await newDirectory()
  await build({
    entryPoints: [join(ROOT, 'examples/caching/worker.ts')],
    outfile: join(directory, 'worker.js'),
    bundle: true,
    format: 'esm',
    external: ['cloudflare:workers'],
    alias: { 'edge-session': join(ROOT, 'src') },
  })
  const server = await newServer(directory, ['SessionObject'], {
    SESSION_SECRET: 'a secret of more than thirty-two bytes',
  })
  await server.start()
  const newBrowser = (): Browser => new Browser((request) => fetch(request), server.origin)
  const [ada, bob] = [newBrowser(), newBrowser()]
  await ada.fetch('/sign-in?user=ada', { method: 'POST' })
  await bob.fetch('/sign-in?user=bob', { method: 'POST' })
  for (const [browser, userId] of [
    [ada, 'ada'],
    [bob, 'bob'],
  ] as const) {
    // One after the other, so that none takes the other's.
    // oxlint-disable-next-line no-await-in-loop
    const response = await browser.fetch('/orders')
    assert.equal(response.headers.get('Cache-Control'), 'private, no-store')
    // oxlint-disable-next-line no-await-in-loop
    const { userId: shown } = (await response.json()) as { userId: string }
    assert.equal(shown, userId)
  }
  await server.kill()
})
