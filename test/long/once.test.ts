import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { newDirectory, newPort } from '../node/project.ts'
import { describe, it } from '../node/suite.ts'
import { bundle, newServer, type Server } from '../node/workerd.ts'

const WORKER = fileURLToPath(new URL('../support/once-worker.ts', import.meta.url))
const REQUESTS = 50
/** A leader that is killed costs the others that long. */
const LEASE_SECONDS = 2

/** A provider that takes each refresh token once, as providers that rotate them do (RFC 9700 section 4.14.2). */
class Provider {
  readonly calls: string[] = []
  /** True if the answers are to wait for `answerAll`. */
  isSlow = false
  #waiting: [response: ServerResponse, token: string][] = []
  #current = 'r0'
  readonly server = createServer(async (request, response) => {
    let token = ''
    for await (const part of request) token += String(part)
    this.calls.push(token)
    if (this.isSlow) this.#waiting.push([response, token])
    else this.answer(response, token)
  })

  /** Forgets all users. The next one begins with `r0`. */
  reset(isSlow: boolean): void {
    this.calls.length = 0
    this.isSlow = isSlow
    this.#waiting = []
    this.#current = 'r0'
  }

  answerAll(): void {
    this.isSlow = false
    for (const [response, token] of this.#waiting.splice(0)) this.answer(response, token)
  }

  answer(response: ServerResponse, token: string): void {
    const isValid = token === this.#current
    if (isValid) this.#current = `r${Number(token.slice(1)) + 1}`
    response.writeHead(isValid ? 200 : 400).end(isValid ? this.#current : 'invalid_grant')
  }
}

const provider = new Provider()
provider.server.listen(0, '127.0.0.1')
await once(provider.server, 'listening')
const address = provider.server.address()
assert.ok(typeof address === 'object' && address !== null)

/**
 * Three workerd processes. The first one has the objects; the others reach them over its debug port, with the same RPC as
 * in one process.
 */
const built = await newDirectory()
await bundle(WORKER, built)
const owner = `127.0.0.1:${await newPort()}`
const texts = {
  PROVIDER: `http://127.0.0.1:${address.port}`,
  LEASE_SECONDS: String(LEASE_SECONDS),
}
const servers = await Promise.all(
  ['', owner, owner].map(async (place) => {
    const directory = await newDirectory()
    await copyFile(join(built, 'worker.js'), join(directory, 'worker.js'))
    return newServer(directory, ['SessionObject'], { ...texts, OWNER: place }, [
      '(name = "DEBUG", workerdDebugPort = void)',
    ])
  }),
)
const [first, second, third] = servers as [Server, Server, Server]
await first.start({ debugPort: owner })
await Promise.all([second, third].map((server) => server.start({ debugPort: '127.0.0.1:0' })))

async function signIn(): Promise<string> {
  const response = await fetch(`${first.origin}/sign-in`)
  return (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** Asks one of the servers for a page. Returns `undefined` if the server is killed or the client aborts. */
async function page(
  server: Server,
  cookie: string,
  signal?: AbortSignal,
): Promise<Answer | undefined> {
  const init = { headers: { cookie }, ...(signal && { signal }) }
  const response = await fetch(`${server.origin}/page`, init).catch(() => undefined)
  return response && { status: response.status, body: await response.text() }
}

function pages(cookie: string, over: readonly Server[]): Promise<Answer | undefined>[] {
  return Array.from({ length: REQUESTS }, (_, index) =>
    page(over[index % over.length] ?? first, cookie),
  )
}

/** Waits until the provider has been asked so often. */
async function asked(times: number): Promise<void> {
  while (provider.calls.length < times) await wait(5)
}

describe('fifty requests of one session over three workerd processes', () => {
  it('spend one refresh token, and all get the page', async () => {
    provider.reset(false)
    const answers = await Promise.all(pages(await signIn(), servers))
    assert.deepEqual(answers, answers.map(refreshed))
    assert.deepEqual(provider.calls, ['r0'])
  })

  it('spend it if the client of the first is gone meanwhile', async () => {
    provider.reset(true)
    const cookie = await signIn()
    const client = new AbortController()
    const leader = page(second, cookie, client.signal)
    await asked(1)
    client.abort()
    assert.equal(await leader, undefined)
    const others = pages(cookie, servers)
    provider.answerAll()
    const answers = await Promise.all(others)
    assert.deepEqual(answers, answers.map(refreshed))
    assert.deepEqual(provider.calls, ['r0'])
  })

  it('get the page after one more call if the process of the first is killed', async () => {
    provider.reset(true)
    const cookie = await signIn()
    const leader = page(second, cookie)
    await asked(1)
    const killed = pages(cookie, [second])
    const others = pages(cookie, [first, third])
    await second.kill()
    // The provider has not spent the token of a request that it never answered.
    provider.isSlow = false
    const answers = await Promise.all(others)
    assert.deepEqual(answers, answers.map(refreshed))
    assert.deepEqual(provider.calls, ['r0', 'r0'])
    assert.deepEqual(await Promise.all([leader, ...killed]), Array(REQUESTS + 1).fill(undefined))
  })

  it('get the page if the process with the object is killed, and starts again', async () => {
    provider.reset(true)
    const cookie = await signIn()
    const leader = page(third, cookie)
    await asked(1)
    await first.kill()
    await first.start({ debugPort: owner })
    const others = pages(cookie, [first, third])
    provider.answerAll()
    assert.deepEqual(await leader, refreshed())
    const answers = await Promise.all(others)
    assert.deepEqual(answers, answers.map(refreshed))
    assert.deepEqual(provider.calls, ['r0'])
  })
})

function refreshed(): Answer {
  return { status: 200, body: '"access of r1"' }
}

after(async () => {
  await Promise.all(servers.map((server) => server.kill()))
  provider.server.closeAllConnections()
  provider.server.close()
})
