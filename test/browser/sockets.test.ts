import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import * as runner from 'node:test'

import type { Browser, BrowserContext, Page } from 'playwright-core'

import { it } from '../node/suite.ts'
import { startWranglerDev, type WranglerDev } from '../node/wrangler-dev.ts'
import { CHROMIUM, launchChromium } from './chromium.ts'

const skip = CHROMIUM === undefined && 'There is no Chromium on this machine.'

void runner.describe('in Chromium, under wrangler dev with a route,', { skip }, () => {
  let dev: WranglerDev
  let browser: Browser
  let context: BrowserContext
  runner.before(async () => {
    const objects = { SESSIONS: 'SessionObject', ROOMS: 'Room' }
    const main = 'examples/sockets/worker.ts'
    dev = await startWranglerDev(main, objects, ['--upstream-protocol', 'https'])
    browser = await launchChromium()
  })
  runner.beforeEach(async () => {
    context = await browser.newContext()
  })
  runner.afterEach(() => context.close())
  runner.after(async () => {
    await browser.close()
    dev.kill()
  })

  const hostOf = (name: string): string => `${name}:${dev.port}`

  async function pageAt(name: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(`http://${hostOf(name)}/`)
    return page
  }

  /** Sends a form's text from a page to its own server. */
  function post(page: Page, path: string, body = ''): Promise<number> {
    return page.evaluate(
      async ([to = '', text = '']) => (await fetch(to, { method: 'POST', body: text })).status,
      [path, body],
    )
  }

  /** Opens the room's socket from a page, and keeps it there with what it hears. Returns Chromium's word on why not. */
  async function open(page: Page): Promise<string> {
    const devtools = await context.newCDPSession(page)
    let error = ''
    devtools.on('Network.webSocketFrameError', ({ errorMessage }) => {
      error = errorMessage
    })
    await devtools.send('Network.enable')
    await page.evaluate(
      (url) =>
        new Promise<void>((resolve) => {
          const socket = new WebSocket(url)
          const heard: string[] = []
          socket.addEventListener('message', ({ data }) => heard.push(String(data)))
          socket.addEventListener('close', ({ code }) => {
            heard.push(`closed ${code}`)
            resolve()
          })
          socket.addEventListener('open', () => resolve())
          Object.assign(globalThis, { socket, heard })
        }),
      `ws://${hostOf('app.localhost')}/room`,
    )
    await devtools.detach()
    return error
  }

  /** Has a page open a socket to the same host on another port, for which cookies are the same, and returns what came. */
  async function sentBy(page: Page): Promise<IncomingHttpHeaders> {
    const server = createServer()
    server.listen(0, 'localhost')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const upgrade = once(server, 'upgrade')
    await page.evaluate((url) => void new WebSocket(url), `ws://app.localhost:${port}/`)
    const [{ headers }, socket] = (await upgrade) as [IncomingMessage, Socket]
    socket.destroy()
    server.close()
    return headers
  }

  /** Waits until a page's socket has heard this. */
  async function hears(page: Page, ...texts: readonly string[]): Promise<void> {
    await page.waitForFunction(
      (count) => (globalThis as unknown as { heard: string[] }).heard.length >= count,
      texts.length,
    )
    const heard = await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)
    assert.deepEqual(heard, texts)
  }

  it('a sibling’s page opens no socket, though it brings a Strict cookie', async () => {
    const [own, sibling] = [await pageAt('app.localhost'), await pageAt('evil.app.localhost')]
    assert.equal(await post(own, '/login', 'ada'), 200)
    const [cookie] = await context.cookies()
    assert.deepEqual([cookie?.name, cookie?.sameSite], ['__Host-session', 'Strict'])

    const sent = await sentBy(sibling)
    assert.match(sent.cookie ?? '', /^__Host-session=/)
    assert.equal(sent.origin, `http://${hostOf('evil.app.localhost')}`)
    assert.deepEqual(
      Object.keys(sent).filter((name) => name.startsWith('sec-fetch-')),
      [],
    )
    assert.match(await open(sibling), /403/)
    await hears(sibling, 'closed 1006')

    assert.equal(await open(own), '')
    await own.evaluate(() => (globalThis as unknown as { socket: WebSocket }).socket.send('hello'))
    await hears(own, 'ada: hello')
  })

  it('a sign-out in one tab ends the socket of another', async () => {
    const [one, other] = [await pageAt('app.localhost'), await pageAt('app.localhost')]
    assert.equal(await post(one, '/login', 'ada'), 200)
    await open(one)
    assert.equal(await post(other, '/logout'), 200)
    await hears(one, 'ended', 'closed 4401')
    assert.match(await open(one), /Authentication failed/)
  })
})
