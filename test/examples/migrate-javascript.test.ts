import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import ironSession from '../../examples/migrate/iron-session.ts'
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
