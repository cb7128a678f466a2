import { env } from 'cloudflare:workers'
import { AutoRouter, Router, withParams } from 'itty-router'
import { describe, expect, test } from 'vitest'

import { createSessions, type Session, SessionError } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { countingStore } from '../support/counting-store.ts'

interface Data {
  visits: number
  cart: string[]
  user: string
}

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

function layer() {
  const { store, calls } = countingStore(memoryStore())
  return { ...createSessions<Data>({ secrets: [env.SESSION_SECRET], store }), calls }
}

describe('what a handler gives', () => {
  test.for([
    [{ a: [1] }, '{"a":[1]}'],
    ['text', '"text"'],
    [null, 'null'],
    [0, '0'],
    [false, 'false'],
  ])('%j becomes JSON', async ([value, text]) => {
    const { withSession } = layer()
    const response = await withSession(() => value)(
      new Request('https://app.example/'),
      {},
      CONTEXT,
    )
    expect(await response?.text()).toBe(text)
    expect(response?.headers.get('Content-Type')).toBe('application/json')
  })

  test('undefined passes through, and a later wrapper of the same request commits', async () => {
    const { withSession, calls } = layer()
    const first = withSession(({ session }): undefined => session.set('visits', 1) as undefined)
    const second = withSession(async ({ session }) => session.get('visits'))
    const request = new Request('https://app.example/')
    expect(await first(request, {}, CONTEXT)).toBe(undefined)
    expect(calls).toEqual([])
    const response = await second(request, {}, CONTEXT)
    expect(await response?.json()).toBe(1)
    expect(response?.headers.getSetCookie()).toHaveLength(1)
    expect(calls).toEqual(['create'])
  })

  test('a handler may be no function of promises', async () => {
    const { withSession } = layer()
    const response = await withSession(() => new Response('plain'))(
      new Request('https://app.example/'),
      {},
      CONTEXT,
    )
    expect(await response.text()).toBe('plain')
  })
})

describe('an exception in the handler', () => {
  test('passes on unchanged, and nothing recorded is written', async () => {
    const app = newApp()
    const browser = app.browser()
    const fault = new RangeError('mine')
    app.handler = (session) => {
      session.set('a', 1)
      throw fault
    }
    await expect(browser.fetch('/')).rejects.toBe(fault)
    expect(app.calls).toEqual([])
  })

  test('leaves what was awaited before it', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => session.increment('n')
    await browser.fetch('/')
    app.handler = async (session) => {
      await session.increment('n')
      session.set('a', 1)
      throw new Error('mine')
    }
    await expect(browser.fetch('/')).rejects.toThrow('mine')
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ n: 2 })
  })

  test('of an inner wrapper drops what was recorded, even when the outer one goes on', async () => {
    const { withSession } = layer()
    const inner = withSession(({ session }) => {
      session.set('user', 'alice')
      throw new Error('mine')
    })
    const outer = withSession(async (request) => {
      await inner(request, {}, CONTEXT).catch(() => undefined)
      request.session.set('visits', 1)
      return request.session.all()
    })
    const response = await outer(new Request('https://app.example/'), {}, CONTEXT)
    expect(await response.json()).toEqual({ visits: 1 })
  })
})

test('what an inner wrapper recorded and lost is not what the outer one reads', async () => {
  const { withSession } = layer()
  const browser = new Browser((request) =>
    withSession(async ({ session, url }) => {
      if (!url.endsWith('/fail')) return session.increment('visits')
      const inner = withSession((own) => {
        own.session.clear()
        throw new Error('mine')
      })
      await inner(request, {}, CONTEXT).catch(() => undefined)
      return session.all()
    })(request, {}, CONTEXT),
  )
  await browser.fetch('/')
  expect(await browser.json('/fail')).toEqual({ visits: 1 })
})

describe('nested wrappers', () => {
  test('share one session; what was recorded is written before the response that depends on it', async () => {
    const { withSession, calls } = layer()
    const inner = withSession(({ session }) => {
      session.set('visits', 2)
      return null
    })
    const outer = withSession(async (request) => {
      request.session.set('user', 'alice')
      const response = await inner(request, {}, CONTEXT)
      request.session.set('cart', ['x'])
      return response
    })
    const response = await outer(new Request('https://app.example/'), {}, CONTEXT)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(calls).toEqual(['create', 'write'])
  })

  test('commit once if the outer handler records nothing after the inner one', async () => {
    const { withSession, calls } = layer()
    const inner = withSession(({ session }) => {
      session.set('visits', 2)
      return null
    })
    const outer = withSession((request) => inner(request, {}, CONTEXT))
    const response = await outer(new Request('https://app.example/'), {}, CONTEXT)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(calls).toEqual(['create'])
  })

  test('of two layers keep two sessions apart, and each its cookie', async () => {
    const one = createSessions<Data>({ secrets: [env.SESSION_SECRET], store: memoryStore() })
    const two = createSessions<Data>({
      secrets: [env.SESSION_SECRET],
      store: memoryStore(),
      cookie: { name: '__Host-other' },
    })
    const inner = two.withSession(async ({ session }) => {
      await session.increment('visits', 10)
      return session.all()
    })
    const outer = one.withSession(async (request, _env, ctx) => {
      await request.session.increment('visits')
      const response = await inner(request, {}, ctx)
      await request.session.increment('visits')
      return response
    })
    const browser = new Browser((request) => outer(request, {}, CONTEXT))
    expect(await browser.json('/')).toEqual({ visits: 10 })
    expect([...browser.cookies.keys()].toSorted()).toEqual(['__Host-other', '__Host-session'])
    expect(await browser.json('/')).toEqual({ visits: 20 })
    const whole = one.withSession(({ session }) => session.all())
    const cookie = browser.cookieHeader()
    const request = new Request('https://app.example/', { headers: { cookie } })
    expect(await (await whole(request, {}, CONTEXT)).json()).toEqual({ visits: 4 })
  })

  test('of two layers in turn each find the session of their own, inside the other and after it', async () => {
    const secrets: [string] = [env.SESSION_SECRET]
    const { store, calls } = countingStore(memoryStore())
    const one = createSessions<Data>({ secrets, store })
    const cookie = { name: '__Host-other' }
    const two = createSessions<Data>({ secrets, store: memoryStore(), cookie })
    const seen: unknown[] = []
    const innermost = one.withSession(({ session }) => {
      seen.push(session)
      session.set('user', 'Ada')
    })
    const inner = two.withSession(async (request, _env, ctx) => {
      await innermost(request, {}, ctx)
      request.session.set('visits', 1)
    })
    const outer = one.withSession(async (request, _env, ctx) => {
      await inner(request, {}, ctx)
      seen.push(request.session)
      return 'done'
    })
    const request = new Request('https://app.example/')
    const response = await outer(request, {}, CONTEXT)
    expect(seen[0]).toBe(seen[1])
    expect(calls).toEqual(['create'])
    expect(response.headers.getSetCookie()).toHaveLength(1)
    // The other layer's handlers left the request to a later one, which finds what they recorded.
    const later = await two.withSession(({ session }) => session.all())(request, {}, CONTEXT)
    expect(await later.json()).toEqual({ visits: 1 })
    expect(later.headers.getSetCookie()).toHaveLength(1)
  })

  test('a token of one cookie name is worth nothing under another', async () => {
    const store = memoryStore()
    const one = createSessions<Data>({ secrets: [env.SESSION_SECRET], store })
    const two = createSessions<Data>({
      secrets: [env.SESSION_SECRET],
      store,
      cookie: { name: '__Host-other' },
    })
    const handler = async ({ session }: { session: Session<Data> }): Promise<number> =>
      session.increment('visits')
    const browser = new Browser((request) => one.withSession(handler)(request, {}, CONTEXT))
    await browser.fetch('/')
    const [token = ''] = browser.cookies.values()
    const request = new Request('https://app.example/', {
      headers: { cookie: `__Host-other=${token}` },
    })
    const response = await two.withSession(({ session }) => session.isNew)(request, {}, CONTEXT)
    expect(await response.json()).toBe(true)
  })
})

describe('with itty-router', () => {
  const { withSession } = createSessions<Data, typeof env>({
    secrets: (bindings) => [bindings.SESSION_SECRET],
    store: (bindings) => durableObjectStore(bindings.SESSIONS),
  })

  test('routes of an AutoRouter are wrapped, with their parameters', async () => {
    const router = AutoRouter()
    router.get(
      '/',
      withSession(async ({ session }) => ({ visits: await session.increment('visits') })),
    )
    router.post(
      '/cart/:item',
      withSession(async ({ session, params }) => {
        await session.update('cart', (cart = []) => [...cart, params.item])
        return Response.json(await session.get('cart'))
      }),
    )
    const browser = new Browser((request) => router.fetch(request, env, CONTEXT))
    expect(await browser.json('/')).toEqual({ visits: 1 })
    expect(await browser.json('/')).toEqual({ visits: 2 })
    expect(await browser.json('/cart/apple', { method: 'POST' })).toEqual(['apple'])
    expect(await browser.json('/cart/pear', { method: 'POST' })).toEqual(['apple', 'pear'])
    expect((await browser.fetch('/nothing')).status).toBe(404)
  })

  test('one handler before another passes its session on through the router’s proxy', async () => {
    const router = Router({ before: [withParams] })
    router.get(
      '/:user',
      withSession(
        ({ session, params }): undefined => session.set('user', params.user) as undefined,
      ),
      withSession(async ({ session }) => session.get('user')),
    )
    const browser = new Browser((request) => router.fetch(request, env, CONTEXT))
    expect(await browser.json('/alice')).toBe('alice')
    expect(browser.cookies.size).toBe(1)
  })

  test('a whole router is wrapped', async () => {
    const router = AutoRouter()
    router.get('/', async ({ session }) => ({ visits: await session.increment('visits') }))
    const fetch = withSession((request, bindings, ctx) => router.fetch(request, bindings, ctx))
    const browser = new Browser((request) => fetch(request, env, CONTEXT))
    await browser.fetch('/')
    expect(await browser.json('/')).toEqual({ visits: 2 })
  })
})

describe('open and commit', () => {
  test('are the two halves, for a framework that makes the response', async () => {
    const { open, commit } = layer()
    const browser = new Browser(async (request) => {
      const session = await open(request, {})
      expect(await open(request, {})).toBe(session)
      await session.increment('visits')
      session.set('user', 'alice')
      return commit(session, Response.json(await session.all()))
    })
    expect(await browser.json('/')).toEqual({ visits: 1, user: 'alice' })
    expect(await browser.json('/')).toEqual({ visits: 2, user: 'alice' })
  })
})

describe('after the response', () => {
  test('every change throws at once, and reading still works', async () => {
    const app = newApp()
    const browser = app.browser()
    let kept: Session | undefined
    app.handler = (session) => {
      kept = session
      session.set('a', 1)
      return 'ok'
    }
    await browser.fetch('/')
    const session = kept
    if (session === undefined) throw new Error('The handler did not run.')
    for (const change of [
      () => session.set('a', 2),
      () => session.delete('a'),
      () => session.clear(),
      () => session.flash('notice', 'x'),
    ]) {
      expect(change).toThrow(SessionError)
      expect(change).toThrow(
        /^ERR_RESPONSE_SENT: The session was changed after the response was sent\./,
      )
    }
    await expect(session.increment('n')).rejects.toThrow(/^ERR_RESPONSE_SENT/)
    await expect(session.destroy()).rejects.toThrow(/^ERR_RESPONSE_SENT/)
    expect(await session.get('a')).toBe(1)
  })

  test('what was begun before and not awaited is waited for, and its failure is not passed over', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => {
      session.set('n', 'text')
      return 'ok'
    }
    await browser.fetch('/')
    app.handler = (session) => {
      session.increment('n').catch(() => undefined)
      return 'ok'
    }
    await expect(browser.fetch('/')).rejects.toThrow(/^ERR_VALUE: increment\(\)/)
  })
})
