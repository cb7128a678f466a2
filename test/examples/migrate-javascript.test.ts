import { env } from 'cloudflare:workers'
import { createCookie, createCookieSessionStorage } from 'react-router'
import { expect, test } from 'vitest'

import ironSession from '../../examples/migrate/iron-session.ts'
import reactRouter from '../../examples/migrate/react-router.ts'
import { Browser } from '../support/browser.ts'
import { ironCookies } from '../support/sealed-cookies.mjs'
import { CONTEXT } from '../support/site.ts'

const PASSWORD = 'the old password, of more than 32 characters'

/** A browser to which the old application has sent this cookie. */
function visitor(server: (request: Request) => Promise<Response>, setCookie: string): Browser {
  const browser = new Browser(server)
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
  browser.cookies.set(name, value)
  return browser
}

test('the Worker that follows an application with iron-session knows its users', async () => {
  const bindings = { ...env, IRON_PASSWORD: PASSWORD }
  const server = async (request: Request): Promise<Response> =>
    (await ironSession.fetch(request, bindings, CONTEXT)) ?? new Response(null)
  const data = { userId: 'ada', cart: ['tea'] }
  const [cookie = ''] = await ironCookies('iron-session 9', data, { password: PASSWORD })
  const browser = visitor(server, cookie)
  const copy = browser.copy()
  expect(await browser.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
  expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  await browser.fetch('/sign-out')
  expect(await browser.json('/')).toEqual({ user: null, cart: [] })
  expect(await copy.json('/')).toEqual({ user: null, cart: [] })

  const cartOnly = await ironCookies('iron-session 8', { cart: ['milk'] }, { password: PASSWORD })
  const guest = visitor(server, cartOnly[0] ?? '')
  expect(await guest.json('/')).toEqual({ user: null, cart: ['milk'] })
  const forged = await ironCookies('iron-session 9', data, { password: `${PASSWORD}!` })
  expect(await visitor(server, forged[0] ?? '').json('/')).toEqual({ user: null, cart: [] })
})

test('the Worker that follows an application with React Router knows its users', async () => {
  const bindings = { ...env, ROUTER_SECRET: 'the old secret' }
  const server = async (request: Request): Promise<Response> =>
    (await reactRouter.fetch(request, bindings, CONTEXT)) ?? new Response(null)
  const secrets = ['the old secret']
  const storage = createCookieSessionStorage({ cookie: { name: '__session', secrets } })
  const session = await storage.getSession()
  session.set('userId', 'ada')
  session.set('cart', ['tea'])
  session.flash('notice', 'Saved.')
  const cookie = await storage.commitSession(session)
  const [phone, laptop] = [visitor(server, cookie), visitor(server, cookie)]
  const first = { user: 'ada', cart: ['tea'], notice: 'Saved.' }
  expect(await phone.json('/')).toEqual(first)
  expect(await phone.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
  expect(await laptop.json('/')).toEqual(first)
  expect([...laptop.cookies.keys()]).toEqual(['__Host-session'])

  const id = crypto.randomUUID()
  await env.SESSION_KV.put(id, JSON.stringify({ userId: 'eve', __flash_notice__: 'Hello.' }))
  const idCookie = await createCookie('__session_id', { secrets }).serialize(id)
  expect(await visitor(server, idCookie).json('/')).toEqual({
    user: 'eve',
    cart: [],
    notice: 'Hello.',
  })
  const forged = await createCookie('__session_id', { secrets: ['a guess'] }).serialize(id)
  expect(await visitor(server, forged).json('/')).toEqual({ user: null, cart: [] })
})
