import { env } from 'cloudflare:workers'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import {
  createSessions,
  type Session,
  type SessionEvent,
  type SessionOptions,
} from '../../src/index.ts'
import { live, type LiveOptions } from '../../src/live.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { userIndex } from '../../src/store/user-index.ts'
import type { App } from '../support/app.ts'
import { Browser } from '../support/browser.ts'

type LiveSession = Session & AccountMethods

/** A site with sockets at `/live`. Every other request runs the test's handler. */
export interface LiveSite {
  readonly sessions: App['sessions']
  readonly events: SessionEvent[]
  handler: (session: LiveSession, request: Request) => unknown
  browser(): Browser
  /** Has the browser run something with its session, and returns what it gives. */
  run(browser: Browser, handler: (session: LiveSession) => unknown): Promise<unknown>
}

/** A site on objects with sockets, and with a list of each user's sessions. */
export function newLiveSite(
  options: LiveOptions = {},
  siteOptions: Partial<SessionOptions<unknown>> = {},
): LiveSite {
  const events: SessionEvent[] = []
  const { use = [], ...rest } = siteOptions
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    store: durableObjectStore(env.LIVE_SESSIONS),
    onEvent: (event) => void events.push(event),
    // A call on a busy machine is no failure of the store.
    storeTimeout: 60,
    ...rest,
    use: [accounts({ index: () => userIndex(env.USERS) }), ...use],
  })
  const fetch = sessions.withSession(async (request) => {
    if (new URL(request.url).pathname === '/live') return live(request.session, options)
    return (await site.handler(request.session, request)) ?? null
  })
  const site: LiveSite = {
    sessions,
    events,
    handler: () => 'ok',
    browser: () => new Browser((request) => fetch(request, env)),
    async run(browser, handler) {
      site.handler = handler
      return browser.json('/')
    },
  }
  return site
}

/** The page's end of a connection: what it has heard, in order. */
export interface Listener {
  readonly heard: unknown[]
  /** Resolves when so many things have been heard. */
  until(count: number): Promise<unknown[]>
  close(): void
  send(text: string): void
}

function newListener(parts: Pick<Listener, 'close' | 'send'>): {
  readonly listener: Listener
  readonly hear: (what: unknown) => void
} {
  const heard: unknown[] = []
  const waiting: { readonly count: number; readonly wake: () => void }[] = []
  const until = async (count: number): Promise<unknown[]> => {
    if (heard.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push({ count, wake: resolve })
      await promise
    }
    return heard
  }
  const hear = (what: unknown): void => {
    heard.push(what)
    for (const { count, wake } of waiting) if (heard.length >= count) wake()
  }
  return { listener: { heard, until, ...parts }, hear }
}

export const UPGRADE = { Upgrade: 'websocket', Origin: 'https://app.example' }

/** Opens a socket. Its close is heard as `[code]`. */
export async function openSocket(browser: Browser, path = '/live'): Promise<Listener> {
  const { status, webSocket } = await browser.fetch(path, { headers: UPGRADE })
  if (webSocket == null) throw new Error(`The handshake was answered by ${status}.`)
  const { listener, hear } = newListener({
    close: () => webSocket.close(),
    send: (text) => webSocket.send(text),
  })
  webSocket.addEventListener('message', ({ data }) =>
    hear(data === 'pong' ? data : JSON.parse(String(data))),
  )
  webSocket.addEventListener('close', ({ code }) => hear([code]))
  webSocket.accept()
  return listener
}

/** Opens an EventSource. Its end is heard as `['end']`. */
export async function openStream(browser: Browser, path = '/live'): Promise<Listener> {
  const response = await browser.fetch(path, { headers: { Accept: 'text/event-stream' } })
  const type = response.headers.get('Content-Type')
  if (response.body === null || type !== 'text/event-stream')
    throw new Error(`The request was answered by ${response.status}, ${type}.`)
  const reader = response.body.getReader()
  const { listener, hear } = newListener({
    close: () => void reader.cancel(),
    send: () => undefined,
  })
  void (async () => {
    const decoder = new TextDecoder()
    let text = ''
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
      if (done) break
      text += decoder.decode(value, { stream: true })
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events)
        if (event.startsWith('data: ')) hear(JSON.parse(event.slice('data: '.length)))
    }
    hear(['end'])
  })()
  return listener
}
