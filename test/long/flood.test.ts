import assert from 'node:assert/strict'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

import { Inspector } from '../../bench/inspector.ts'
import { newDirectory, newPort } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { bundle, newServer } from '../node/workerd.ts'

const WORKER = fileURLToPath(new URL('../support/flood-worker.ts', import.meta.url))
const ANONYMOUS = 50_000
const FORGED = 20_000
const IN_PARALLEL = 32
/** What code, caches of the runtime and a few kept connections may add. One token kept for each request adds more. */
const GROWTH_MB = 2

const directory = await newDirectory()
await bundle(WORKER, directory)
const server = await newServer(directory)
const address = `127.0.0.1:${await newPort()}`
await server.start({ inspector: address })
const inspector = await Inspector.connect(address, 'main')

/** Sends this many requests with these Cookie headers, and checks that each is answered as an anonymous one. */
async function flood(count: number, cookieOf: (index: number) => string): Promise<void> {
  let sent = 0
  async function send(): Promise<void> {
    while (sent < count) {
      sent += 1
      const response = await fetch(server.origin, { headers: { cookie: cookieOf(sent) } })
      assert.equal(await response.text(), 'null')
      assert.deepEqual(response.headers.getSetCookie(), [])
    }
  }
  await Promise.all(Array.from({ length: IN_PARALLEL }, send))
}

/** Gives the size of the isolate's heap in MB, without garbage: a snapshot collects it first. */
async function heap(): Promise<number> {
  await inspector.call('HeapProfiler.takeHeapSnapshot')
  const { usedSize } = await inspector.call<{ readonly usedSize: number }>('Runtime.getHeapUsage')
  return usedSize / 1e6
}

async function seen(): Promise<{ readonly calls: number; readonly events: number }> {
  const response = await fetch(`${server.origin}/seen`)
  return (await response.json()) as { readonly calls: number; readonly events: number }
}

it('stays flat, and asks no store, under a flood of anonymous and forged requests', async (test) => {
  const made = await fetch(`${server.origin}/set`)
  await made.text()
  const [cookie = ''] = (made.headers.getSetCookie()[0] ?? '').split(';')
  const start = await seen()
  await flood(5000, String)
  const before = await heap()
  await flood(ANONYMOUS, (index) => `theme=${index}`)
  const afterAnonymous = await heap()
  // The right form and key, and another body and MAC each time.
  await flood(FORGED, (index) => {
    const digits = index.toString(36).padStart(8, 'A')
    return `${cookie.slice(0, -60)}${digits}${cookie.slice(-52, -10)}${digits}${cookie.slice(-2)}`
  })
  const afterForged = await heap()
  const { calls, events } = await seen()
  test.diagnostic(
    `heap ${before.toFixed(1)} MB, after ${ANONYMOUS} anonymous ${afterAnonymous.toFixed(1)}, after ${FORGED} forged ${afterForged.toFixed(1)}`,
  )
  assert.equal(calls - start.calls, 0)
  assert.equal(events - start.events, FORGED)
  assert.ok(afterAnonymous - before < GROWTH_MB)
  assert.ok(afterForged - before < GROWTH_MB)
})

after(async () => {
  inspector.close()
  await server.kill()
})
