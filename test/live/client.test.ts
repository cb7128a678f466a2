import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { connect, type LiveEvent } from '../../src/live/client.ts'
import type { Browser } from '../support/browser.ts'
import { newLiveSite, UPGRADE } from './support.ts'

/** The browser whose page runs the client. */
let browser: Browser
/** The sockets that the client has opened, oldest first. */
let opened: PageSocket[] = []
/** True if the network loses everything. */
let isOffline = false
let requests: string[] = []

/** A page's socket: a real one of the object, opened with the browser's cookie as `new WebSocket` would. */
class PageSocket extends EventTarget {
  readonly url: string
  readonly sent: string[] = []
  readonly heard: unknown[] = []
  /** True if the network swallows what is sent, without a close. */
  isDead = false
  #socket: WebSocket | undefined

  constructor(url: string) {
    super()
    this.url = url
    opened.push(this)
    void this.#open()
  }

  async #open(): Promise<void> {
    const { webSocket } = isOffline
      ? { webSocket: null }
      : await browser.fetch(this.url.replace(/^ws/, 'http'), { headers: UPGRADE })
    // As in a browser, where nothing is told before the listeners are there.
    await Promise.resolve()
    if (webSocket == null) return this.#tell(new CloseEvent('close', { code: 1006 }))
    this.#socket = webSocket
    webSocket.addEventListener('message', ({ data }) => {
      if (this.isDead) return
      this.heard.push(data)
      this.#tell(new MessageEvent('message', { data }))
    })
    webSocket.addEventListener('close', ({ code, reason }) =>
      this.#tell(new CloseEvent('close', { code, reason })),
    )
    webSocket.accept()
    this.#tell(new Event('open'))
  }

  #tell(event: Event): void {
    this.dispatchEvent(event)
  }

  send(text: string): void {
    this.sent.push(text)
    if (!this.isDead) this.#socket?.send(text)
  }

  close(): void {
    this.#socket?.close(1000)
  }

  /** Loses the connection. */
  lose(): void {
    this.#tell(new CloseEvent('close', { code: 1006 }))
  }
}

const URL_OF_PAGE = 'https://app.example/live'

let heard: LiveEvent[] = []
let connection: ReturnType<typeof connect> | undefined

/** Has the page connect. */
function follow(): void {
  connection = connect(URL_OF_PAGE, (event) => void heard.push(event))
}

const types = (): string[] => heard.map(({ type }) => type)

/** Waits until a check holds. `vi.waitFor` would move the clock. */
async function soon(check: () => void): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return check()
    } catch (error) {
      if (tries >= 5000) throw error
    }
    // oxlint-disable-next-line no-await-in-loop
    await scheduler.wait(10)
  }
}

beforeEach(() => {
  opened = []
  heard = []
  requests = []
  isOffline = false
  vi.stubGlobal('WebSocket', Object.assign(PageSocket, { OPEN: 1 }))
  vi.stubGlobal(
    'fetch',
    async (href: string, init: RequestInit & { readonly credentials?: string }) => {
      requests.push(href)
      if (isOffline) throw new TypeError('The network is down.')
      // As for a page of another origin.
      const visitor = init.credentials === 'include' ? browser : newLiveSite().browser()
      return visitor.fetch(href, init)
    },
  )
  // So that a delay is the shortest: half of it.
  vi.spyOn(Math, 'random').mockReturnValue(0)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  connection?.close()
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** A site, and the page's browser with a session. */
async function newPage(): Promise<ReturnType<typeof newLiveSite>> {
  const site = newLiveSite()
  browser = site.browser()
  await site.run(browser, (session) => session.set('a', 1))
  return site
}

describe('the client', () => {
  test('tells of the opening, of changes, and of the end, once', async () => {
    const site = await newPage()
    follow()
    await soon(() => expect(types()).toEqual(['open']))
    expect(opened[0]?.url).toBe('wss://app.example/live')
    await site.run(browser, (session) => session.set('a', 2))
    await site.run(browser, (session) => session.regenerate())
    await site.run(browser, (session) => session.destroy())
    await soon(() => expect(types()).toEqual(['open', 'changed', 'renewed', 'ended']))
    expect(heard.at(-1)).toEqual({ type: 'ended', reason: 'destroyed' })
    opened[0]?.lose()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([types().length, opened.length, requests]).toEqual([4, 1, []])
  })

  test('knows the end by the close code alone', async () => {
    await newPage()
    follow()
    await soon(() => expect(types()).toEqual(['open']))
    opened[0]?.dispatchEvent(new CloseEvent('close', { code: 4401, reason: 'revoked' }))
    expect(heard.at(-1)).toEqual({ type: 'ended', reason: 'revoked' })
  })

  test('connects again, later each time, and from the start after a message', async () => {
    await newPage()
    follow()
    await soon(() => expect(types()).toEqual(['open']))
    isOffline = true
    opened[0]?.lose()
    for (const delay of [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
      const { length } = requests
      // oxlint-disable-next-line no-await-in-loop
      await soon(() => expect(vi.getTimerCount()).toBe(1))
      // oxlint-disable-next-line no-await-in-loop
      await vi.advanceTimersByTimeAsync(delay - 1)
      expect(requests.length).toBe(length)
      // oxlint-disable-next-line no-await-in-loop
      await vi.advanceTimersByTimeAsync(1)
      expect(requests.length).toBe(length + 1)
    }
    isOffline = false
    await soon(() => expect(vi.getTimerCount()).toBe(1))
    await vi.advanceTimersByTimeAsync(15_000)
    await soon(() => expect(types()).toEqual(['open', 'open']))
    await vi.advanceTimersByTimeAsync(30_000)
    await soon(() => expect(opened.at(-1)?.sent).toEqual(['ping']))
    const { length } = requests
    await soon(() => expect(opened.at(-1)?.heard).toEqual(['pong']))
    await vi.advanceTimersByTimeAsync(30_000)
    expect(opened.at(-1)?.sent).toEqual(['ping', 'ping'])
    opened.at(-1)?.lose()
    await vi.advanceTimersByTimeAsync(250)
    expect(requests.length).toBe(length + 1)
  })

  test('connects again if a ping has no answer', async () => {
    await newPage()
    follow()
    await soon(() => expect(types()).toEqual(['open']))
    for (const socket of opened) socket.isDead = true
    await vi.advanceTimersByTimeAsync(60_000)
    await vi.advanceTimersByTimeAsync(250)
    await soon(() => expect(types()).toEqual(['open', 'open']))
  })

  test('learns that the session ended while it was not connected', async () => {
    const site = await newPage()
    follow()
    await soon(() => expect(types()).toEqual(['open']))
    isOffline = true
    opened[0]?.lose()
    await site.run(browser, (session) => session.destroy())
    isOffline = false
    await vi.advanceTimersByTimeAsync(250)
    await soon(() => expect(heard.at(-1)).toEqual({ type: 'ended', reason: 'unknown' }))
    expect(opened.length).toBe(1)
  })

  test('is told that there is no session', async () => {
    browser = newLiveSite().browser()
    follow()
    await soon(() => expect(vi.getTimerCount()).toBe(1))
    await vi.advanceTimersByTimeAsync(250)
    await soon(() => expect(heard).toEqual([{ type: 'ended', reason: 'unknown' }]))
  })

  test('tells nothing after close()', async () => {
    const site = await newPage()
    follow()
    await soon(() => expect(types()).toEqual(['open']))
    connection?.close()
    await site.run(browser, (session) => session.destroy())
    opened[0]?.dispatchEvent(new CloseEvent('close', { code: 4401, reason: 'revoked' }))
    await vi.advanceTimersByTimeAsync(60_000)
    expect([types(), opened.length, requests]).toEqual([['open'], 1, []])
  })
})
