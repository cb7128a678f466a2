import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { RouterContextProvider } from 'react-router'
import { createStorage } from 'unstorage'
import { describe, expect, test } from 'vitest'

import astroDriver from '../../examples/adapters/astro-driver.ts'
import honoGuards from '../../examples/adapters/hono-guards.ts'
import hono from '../../examples/adapters/hono.ts'
import ittyStages from '../../examples/adapters/itty-router-stages.ts'
import itty from '../../examples/adapters/itty-router.ts'
import { middleware } from '../../examples/adapters/react-router-session.ts'
import {
  commitSession,
  destroySession,
  getSession,
} from '../../examples/adapters/react-router-storage.ts'
import * as shop from '../../examples/adapters/react-router.ts'
import unstorage from '../../examples/adapters/unstorage.ts'
import { Browser } from '../support/browser.ts'
import { newRouterApp } from '../support/router-app.ts'

interface Worker {
  fetch(request: Request, own: Cloudflare.Env, ctx: ExecutionContext): unknown
}

/** A browser before an example's Worker. */
function browserOf(worker: Worker): Browser {
  return new Browser(async (request) => {
    const response = await worker.fetch(request, env, createExecutionContext())
    return response instanceof Response ? response : new Response('none', { status: 500 })
  })
}

const POST = { method: 'POST', headers: { 'Sec-Fetch-Site': 'same-origin' } }

test.for<[name: string, worker: Worker]>([
  ['Hono', hono],
  ['itty-router', itty],
])('the shortest Worker with %s counts visits', async ([, worker]) => {
  const browser = browserOf(worker)
  expect(await browser.json('/')).toEqual({ visits: 1 })
  expect(await browser.json('/')).toEqual({ visits: 2 })
  expect(await browserOf(worker).json('/')).toEqual({ visits: 1 })
})

test('Hono’s guards let in who has signed in, and keep other sites out', async () => {
  const browser = browserOf(honoGuards)
  expect((await browser.fetch('/account/name')).status).toBe(401)
  expect(await browser.json('/login')).toEqual({ csrf: expect.any(String) })
  const foreign = { method: 'POST', headers: { 'Sec-Fetch-Site': 'cross-site' } }
  expect((await browser.fetch('/login', foreign)).status).toBe(403)
  expect((await browser.fetch('/login', POST)).status).toBe(302)
  expect(await browser.json('/account/name')).toEqual({ name: '' })
  expect(await browser.json('/account/close', POST)).toEqual({ closed: 'ada' })
  expect((await browser.fetch('/account/name')).status).toBe(401)
  expect(await browser.json('/office/role')).toEqual({ role: 'none' })
})

test('itty-router’s stages have the session between them', async () => {
  const browser = browserOf(ittyStages)
  const headers = { Origin: 'https://app.example' }
  expect((await browser.fetch('/account/name', { headers })).status).toBe(401)
  const signedIn = await browser.fetch('/login', { ...POST, headers })
  expect(await signedIn.json()).toEqual({ signedIn: true })
  expect(signedIn.headers.get('Access-Control-Allow-Origin')).toBe('https://app.example')
  expect(signedIn.headers.getSetCookie()).toHaveLength(1)
  expect(await browser.json('/account/name/Ada', { method: 'PUT' })).toEqual({ saved: true })
  expect(await browser.json('/account/name')).toEqual({ name: 'Ada' })
  expect((await browser.fetch('/nowhere')).status).toBe(404)
})

describe('React Router', () => {
  test('has the session in its routes', async () => {
    const { loader, action, accountMiddleware } = shop
    const handler = newRouterApp(
      { middleware },
      {
        cart: { hasPage: true, loader, action },
        account: { hasPage: true, middleware: accountMiddleware, loader: () => 'in' },
      },
    )
    const browser = new Browser((request) => handler(request, new RouterContextProvider()))
    const add = (item: string) =>
      browser.fetch('/cart', { method: 'POST', body: new URLSearchParams({ item }) })
    expect((await add('apple')).status).toBe(302)
    await Promise.all([add('pear'), add('plum')])
    const { loaderData } = await browser.json<{ loaderData: { cart: string[] } }>('/cart')
    expect(loaderData.cart.toSorted()).toEqual(['apple', 'pear', 'plum'])
    const page = await browser.fetch('/account', { headers: { Accept: 'text/html' } })
    expect(page.headers.get('Location')).toBe('/login?next=%2Faccount')
  })

  test('has its three functions', async () => {
    const session = await getSession(null)
    session.set('userId', 'ada')
    session.flash('error', 'none')
    const cookie = (await commitSession(session)).split(';', 1).join('')
    const later = await getSession(cookie)
    expect([later.get('userId'), later.get('error')]).toEqual(['ada', 'none'])
    expect(await destroySession(later)).toContain('Max-Age=0')
    expect((await getSession(cookie)).data).toEqual({})
  })
})

describe('unstorage', () => {
  test('counts in objects', async () => {
    const path = `/${crypto.randomUUID()}`
    const get = async (): Promise<unknown> => {
      const request = new Request<unknown, IncomingRequestCfProperties>(
        `https://app.example${path}`,
      )
      return (await unstorage.fetch(request)).json()
    }
    expect([await get(), await get()]).toEqual([{ visits: 1 }, { visits: 2 }])
  })

  test('serves Astro as Astro calls it', async () => {
    // As Astro 6.4 does: a copy of the driver, three of its methods, and one value under the session's id.
    const driver = { ...astroDriver(), hasItem: () => false, getKeys: () => [] }
    const storage = createStorage({ driver })
    const id = crypto.randomUUID()
    expect(await storage.get(id)).toBe(null)
    await storage.setItem(id, '[["Map",1,2],"cart",{"data":3},["apple"]]')
    expect(await storage.get(id)).toEqual([['Map', 1, 2], 'cart', { data: 3 }, ['apple']])
    await storage.removeItem(id)
    expect(await storage.get(id)).toBe(null)
  })
})
