import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type Handler, newApp } from '../support/app.ts'
import { world } from '../support/worlds.ts'

const HERE = world()
const MINUTE = 60_000

const setOne: Handler = (session) => {
  session.set('a', 1)
  return 'ok'
}

const readOne: Handler = async (session) => (await session.get('a')) ?? null

describe('the attributes', () => {
  test('are the strictest by default, and the name says nothing', async () => {
    const app = newApp()
    app.handler = setOne
    const [setCookie = ''] = (await app.browser().fetch('/')).headers.getSetCookie()
    expect(setCookie).toMatch(
      /^__Host-session=1\.[\w-]{4}\.[\w-]+\.[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Priority=High$/,
    )
    expect(setCookie.split(';')[0]?.length).toBeLessThan(200)
  })

  test('clear the cookie as they set it', async () => {
    const cookie = { name: 's', domain: 'app.example', path: '/x', sameSite: 'Strict' } as const
    const app = newApp({ cookie, store: memoryStore() })
    const browser = app.browser()
    app.handler = setOne
    const [set = ''] = (await browser.fetch('/x')).headers.getSetCookie()
    expect(set).toMatch(
      /^s=[\w.-]+; Domain=app\.example; Path=\/x; Secure; HttpOnly; SameSite=Strict; Priority=High$/,
    )
    app.handler = async (session) => {
      await session.destroy()
      return 'bye'
    }
    const [clear = ''] = (await browser.fetch('/x')).headers.getSetCookie()
    expect(clear).toBe(
      's=; Max-Age=0; Domain=app.example; Path=/x; Secure; HttpOnly; SameSite=Strict; Priority=High',
    )
  })

  test('a persistent cookie lasts as long as the session can', async () => {
    const app = newApp({ cookie: { persistent: true }, store: memoryStore() })
    const browser = app.browser()
    app.handler = setOne
    const [first = ''] = (await browser.fetch('/')).headers.getSetCookie()
    expect(first).toContain('; Max-Age=43200;')
    app.now += 20 * MINUTE
    const [later = ''] = (await browser.fetch('/')).headers.getSetCookie()
    expect(later).toContain('; Max-Age=42000;')
  })
})

describe('a response with the session in it', () => {
  test('keeps the other cookies, has one of ours, and must not be cached', async () => {
    const app = newApp()
    app.handler = (session) => {
      session.set('a', 1)
      const headers = new Headers({ 'Cache-Control': 'public, max-age=3600' })
      headers.append('Set-Cookie', 'theme=dark; Path=/')
      headers.append('Set-Cookie', '__Host-session=fake; Path=/; Secure')
      headers.append('Set-Cookie', 'lang=de; Path=/')
      return new Response('hello', { status: 201, headers })
    }
    const response = await app.browser().fetch('/')
    expect(response.status).toBe(201)
    expect(await response.text()).toBe('hello')
    const cookies = response.headers.getSetCookie()
    expect(cookies.slice(0, 2)).toEqual(['theme=dark; Path=/', 'lang=de; Path=/'])
    expect(cookies).toHaveLength(3)
    expect(cookies[2]).toMatch(/^__Host-session=1\./)
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(response.headers.get('Vary')).toBe('Cookie')
  })

  test.skipIf(HERE.isReading)(
    'varies by cookie when the session was used, and not when it was not',
    async () => {
      const app = newApp()
      app.handler = readOne
      expect((await app.browser().fetch('/')).headers.get('Vary')).toBe('Cookie')
      app.handler = () => 'static'
      const untouched = await app.browser().fetch('/')
      expect(untouched.headers.get('Vary')).toBe(null)
      expect(untouched.headers.get('Cache-Control')).toBe(null)
    },
  )

  test.for([
    ['Accept-Encoding', 'Accept-Encoding, Cookie'],
    ['Accept-Encoding, cookie', 'Accept-Encoding, cookie'],
    ['*', '*'],
    ['X-Cookie', 'X-Cookie, Cookie'],
  ])('that varies by %s varies by %s', async ([before = '', after]) => {
    const app = newApp()
    app.handler = async (session) => {
      await session.get('a')
      return new Response('', { headers: { Vary: before } })
    }
    expect((await app.browser().fetch('/')).headers.get('Vary')).toBe(after)
  })

  test('can be a redirect, whose headers are immutable', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => {
      session.set('a', 1)
      return Response.redirect('https://app.example/next', 303)
    }
    const created = await browser.fetch('/')
    expect(created.status).toBe(303)
    expect(created.headers.get('Location')).toBe('https://app.example/next')
    expect(created.headers.getSetCookie()).toHaveLength(1)
    app.handler = async (session) => {
      await session.get('a')
      return Response.redirect('https://app.example/next', 303)
    }
    const read = await browser.fetch('/')
    expect(read.headers.get('Location')).toBe('https://app.example/next')
    expect(read.headers.get('Vary')).toBe('Cookie')
  })

  test('can be a WebSocket upgrade', async () => {
    const app = newApp()
    app.handler = (session) => {
      session.set('a', 1)
      const { 0: client, 1: server } = new WebSocketPair()
      server.accept()
      return new Response(null, { status: 101, webSocket: client })
    }
    const response = await app.browser().fetch('/')
    expect(response.status).toBe(101)
    expect(response.webSocket).not.toBe(null)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test('never leaves its cookie on a Response object that an application shares among visitors', async () => {
    const app = newApp()
    const shared = new Response(null, { status: 204 })
    app.handler = (session) => {
      session.set('a', 1)
      return shared
    }
    await app.browser().fetch('/')
    app.handler = () => shared
    const other = await app.browser().fetch('/')
    expect(other.headers.getSetCookie()).toEqual([])
  })
})

describe('the cookie is sent again', () => {
  const STORES = { object: undefined, memory: memoryStore() }

  test.for(Object.entries(STORES))(
    'on the %s store when the token is half an idle timeout old, and not before',
    async ([, store]) => {
      const app = newApp(store === undefined ? {} : { store })
      const browser = app.browser()
      app.handler = setOne
      await browser.fetch('/')
      app.handler = readOne
      app.now += 15 * MINUTE - 1
      expect((await browser.fetch('/')).headers.getSetCookie()).toEqual([])
      app.now += 1
      expect((await browser.fetch('/')).headers.getSetCookie()).toHaveLength(1)
      expect((await browser.fetch('/')).headers.getSetCookie()).toEqual([])
    },
  )

  test('on KV once in a touch interval, and nothing is written', async () => {
    const app = newApp({ store: kvStore(env.SESSION_KV) })
    const browser = app.browser()
    app.handler = setOne
    await browser.fetch('/')
    app.calls.length = 0
    app.handler = readOne
    app.now += MINUTE - 1
    expect((await browser.fetch('/')).headers.getSetCookie()).toEqual([])
    app.now += 1
    expect((await browser.fetch('/')).headers.getSetCookie()).toHaveLength(1)
    expect((await browser.fetch('/')).headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual(HERE.isReading ? [] : ['read', 'read', 'read'])
  })

  test.skipIf(HERE.isReading)(
    'not for a request that does not use its session, however old the token is',
    async () => {
      const app = newApp()
      const browser = app.browser()
      app.handler = setOne
      await browser.fetch('/')
      app.now += 29 * MINUTE
      app.handler = (session) => session.id
      expect((await browser.fetch('/')).headers.getSetCookie()).toEqual([])
      app.now += MINUTE
      app.handler = readOne
      expect(await browser.json('/')).toBe(null)
    },
  )
})

test.for(['public, max-age=60', 's-maxage=60'])(
  'a cookie of the handler’s own beside the session keeps the response out of every cache that %j lets in',
  async (allowed) => {
    const app = newApp()
    const browser = app.browser()
    app.handler = setOne
    await browser.fetch('/')
    app.handler = async (session) => {
      await session.get('a')
      return new Response('page', {
        headers: {
          'Set-Cookie': 'theme=dark',
          'CDN-Cache-Control': 'max-age=60',
          'Cache-Control': allowed,
        },
      })
    }
    const { headers } = await browser.fetch('/')
    expect(headers.get('Cache-Control')).toBe('private, no-store')
    expect(headers.get('CDN-Cache-Control')).toBe(null)
    expect(headers.getSetCookie()).toEqual(['theme=dark'])
  },
)
