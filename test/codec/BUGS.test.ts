import { describe, expect, test } from 'vitest'

import { readCookies, serializeCookie } from '../../src/codec/cookie.ts'
import { newApp } from '../support/app.ts'

const NAME = '__Host-session'

/**
 * What JavaScript's `trim` takes for white space and RFC 6265bis does not. A browser takes a cookie of such a name from
 * any subdomain, since it has no prefix to obey, and workerd reads the header as UTF-8.
 */
const NO_COOKIE_SPACES = ['\u00a0', '\u2000', '\u3000', '\ufeff', '\u2028', '\v', '\f']

describe('a cookie whose name begins with a space that is none in a Cookie header', () => {
  test.for(NO_COOKIE_SPACES)('is not ours: %j', (space) => {
    expect(readCookies(`${space}s=1`, 's')).toEqual([])
    expect(readCookies(`a=b; ${space}s=1; s=2`, 's')).toEqual(['2'])
    expect(readCookies(`a=b; ${space} s=1`, 's')).toEqual([])
  })

  test('is not taken for a __Host- cookie, even with a token that we signed', async () => {
    const app = newApp()
    const attacker = app.browser()
    app.handler = (session) => session.set('account', "the attacker's")
    await attacker.fetch('/')
    app.handler = async (session) => [session.isNew, await session.all()]
    const cookie = `theme=dark; \u2000${NAME}=${attacker.cookies.get(NAME)}`
    const response = await app.browser().fetch('/', { headers: { cookie } })
    expect(await response.json()).toEqual([true, {}])
  })
})

test('the value of a cookie keeps what is no white space in a Cookie header', () => {
  expect(readCookies('s=\u00a01\u2000', 's')).toEqual(['\u00a01\u2000'])
})

test('a persistent cookie whose time is up meanwhile has no negative Max-Age', () => {
  const cookie = {
    name: 's',
    path: '/',
    domain: undefined,
    sameSite: 'Lax',
    secure: true,
    httpOnly: true,
    partitioned: false,
    persistent: true,
  } as const
  expect(serializeCookie(cookie, 'v', -0.5)).toContain('; Max-Age=0;')
  expect(serializeCookie(cookie, 'v', -60)).toContain('; Max-Age=0;')
})
