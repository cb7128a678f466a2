import { env } from 'cloudflare:workers'

import { accounts } from '../../src/accounts.ts'
import type { SessionOptions } from '../../src/index.ts'
import { live, type LiveOptions } from '../../src/live.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { userIndex } from '../../src/store/user-index.ts'
import type { Browser } from '../support/browser.ts'
import { CONTEXT, newSite, type Site } from '../support/site.ts'

/** A site with `/live`, on objects with sockets. */
export function newLiveSite(
  options: LiveOptions = {},
  siteOptions: Partial<SessionOptions<unknown>> = {},
): Site {
  const site = newSite({ store: durableObjectStore(env.LIVE_SESSIONS), ...siteOptions })
  const { withSession } = site.sessions
  const onEnv = (handler: ReturnType<typeof withSession>) => (request: Request) =>
    handler(request, env, CONTEXT)
  site.routes['/live'] = onEnv(withSession(({ session }) => live(session, options)))
  site.routes['/id'] = onEnv(withSession(({ session }) => session.id))
  site.routes['/delete'] = onEnv(
    withSession(({ session }) => {
      session.delete('a')
      return 'ok'
    }),
  )
  site.routes['/flash'] = onEnv(
    withSession(({ session }) => {
      session.flash('notice', 'hello')
      return 'ok'
    }),
  )
  site.routes['/sign-in-bob'] = onEnv(
    withSession(async ({ session }) => {
      await session.signIn('bob')
      return 'ok'
    }),
  )
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
      const { done, value } = await reader.read()
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

/** The accounts with an index of users, so that sessions can be revoked. */
export const INDEXED = { use: [accounts({ index: () => userIndex(env.USERS) })] }
