import fc from 'fast-check'
import { Hono } from 'hono'
import { getSignedCookie, setSignedCookie } from 'hono/cookie'
import { describe, expect, test } from 'vitest'

import { honoCookie, signedCookie, unsigned } from '../../src/migrate/hono.ts'
import { anyCharacter } from '../support/any-character.ts'
import { runs } from '../support/thorough.ts'
import { cookieHeader, forgedAt } from './moved-cookies.ts'
import { newMovedApp, visitorWith } from './moved.ts'
import { oneBitOff } from './one-bit-off.ts'

const SECRET = 'the secret of the Hono application'

/** The Set-Cookie header of Hono's own `setSignedCookie`. */
async function setByHono(name: string, value: string, secret = SECRET): Promise<string> {
  const app = new Hono()
  app.get('/', async (c) => {
    await setSignedCookie(c, name, value, secret, { path: '/', secure: true, httpOnly: true })
    return c.body(null)
  })
  const response = await app.request('https://old.example/')
  return response.headers.getSetCookie()[0] ?? ''
}

/** What Hono's own `getSignedCookie` says of a Cookie header. */
async function readByHono(header: string, name: string): Promise<string | false | undefined> {
  const app = new Hono()
  let value: string | false | undefined
  app.get('/', async (c) => {
    value = await getSignedCookie(c, SECRET, name)
    return c.body(null)
  })
  await app.request('https://old.example/', { headers: { Cookie: header } })
  return value
}

test.for([
  'ada',
  '1',
  '',
  'a.b.c',
  '.',
  'a b',
  'a=b; c=d',
  'a,b',
  '"quoted"',
  '100%',
  '%41',
  '+/=',
  'Zoë',
  '日本語',
  '👩‍🚀',
  '\u0000\n',
  '{"id":"1","roles":["a"]}',
  'x'.repeat(3000),
  'eyJhbGciOiJIUzI1NiJ9.e30.c2ln',
  '__proto__',
])('the value %j that Hono has signed is read', async (value) => {
  const header = cookieHeader([await setByHono('user', value)])
  expect(await readByHono(header, 'user')).toBe(value)
  expect(await signedCookie(header, 'user', SECRET)).toBe(value)
  const among = `other=1; ${header}; user=2`
  expect(await readByHono(among, 'user')).toBe(value)
  expect(await signedCookie(among, 'user', SECRET)).toBe(value)
})

describe('a Cookie header that Hono refuses gives nothing:', () => {
  const good = setByHono('user', 'ada.1')
  test.for<[what: string, forge: (pair: string) => string]>([
    ['another value', (pair) => pair.replace('ada', 'eve')],
    ['a value with one more character', (pair) => pair.replace('user=', 'user=x')],
    ['no value', (pair) => pair.replace('ada', '')],
    ['the beginning of the signature changed', (pair) => forgedAt(pair, pair.lastIndexOf('.') + 1)],
    ['the end of the signature changed', (pair) => forgedAt(pair, -5)],
    ['no signature', (pair) => pair.slice(0, pair.lastIndexOf('.'))],
    ['an empty signature', (pair) => pair.slice(0, pair.lastIndexOf('.') + 1)],
    ['a shorter signature', (pair) => `${pair.slice(0, -5)}%3D`],
    ['a signature without padding', (pair) => pair.slice(0, -3)],
    ['more padding', (pair) => `${pair}%3D`],
    ['another name', (pair) => pair.replace('user', 'User')],
    ['a name that ends in this one', (pair) => `my${pair}`],
    ['a name that begins with this one', (pair) => pair.replace('user', 'user2')],
    ['no name', (pair) => pair.slice('user='.length)],
    ['an earlier cookie of the name', (pair) => `user=x; ${pair}`],
    ['no cookie', () => ''],
    ['percent signs that cannot be decoded', (pair) => `${pair}%E0%A4%A`],
    ['another part of the value', (pair) => pair.replace('.1.', '.2.')],
  ])('%s', async ([, forge]) => {
    const header = forge(cookieHeader([await good]))
    expect([false, undefined]).toContain(await readByHono(header, 'user'))
    expect(await signedCookie(header, 'user', SECRET)).toBe(undefined)
  })
})

describe('a signed cookie of Hono', () => {
  test('is refused with any bit of any of its characters changed', async () => {
    const text = decodeURIComponent((await setByHono('user', 'ada')).split(/[=;]/)[1] ?? '')
    expect(await unsigned(text, SECRET)).toBe('ada')
    const taken = await Promise.all(oneBitOff(text).map((changed) => unsigned(changed, SECRET)))
    expect(taken.filter((value) => value !== undefined)).toEqual([])
  })

  test('is read with any of the secrets, and refused with none of them', async () => {
    const header = cookieHeader([await setByHono('user', 'ada')])
    expect(await signedCookie(header, 'user', ['newer', SECRET])).toBe('ada')
    expect(await signedCookie(header, 'user', [SECRET, 'older'])).toBe('ada')
    expect(await signedCookie(header, 'user', ['newer', 'older'])).toBe(undefined)
    expect(await signedCookie(header, 'user', [])).toBe(undefined)
    const missing = expect.objectContaining({ code: 'ERR_SECRET' })
    await expect(signedCookie(header, 'user', '')).rejects.toEqual(missing)
    await expect(signedCookie(header, 'user', [SECRET, ''])).rejects.toEqual(missing)
  })

  test('is read by its name with the prefix', async () => {
    const header = cookieHeader([await setByHono('__Host-user', 'ada')])
    expect(await signedCookie(header, '__Host-user', SECRET)).toBe('ada')
    expect(await signedCookie(header, 'user', SECRET)).toBe(undefined)
  })

  test('is read where workerd has joined two Cookie headers by a comma', async () => {
    const header = cookieHeader([await setByHono('user', 'a,b')])
    expect(await signedCookie(`${header}, theme=dark`, 'user', SECRET)).toBe('a,b')
  })

  test('whatever text comes, is refused, and nothing is thrown', async () => {
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.stringMatching(/^[\w.]{0,9}\.[\w+/]{43}=$/),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await unsigned(text, SECRET)).toBe(undefined)
        expect(await signedCookie(`user=${text}`, 'user', SECRET)).toBe(undefined)
      }),
      { numRuns: runs(1000) },
    )
  })
})

describe('an adoption of a signed cookie of Hono', () => {
  const newValue = (): string => `Zoë ${crypto.randomUUID()}`

  test('makes a session of it once, and clears it', async () => {
    const app = newMovedApp(
      honoCookie({
        name: '__Host-user',
        secrets: () => ['newer', SECRET],
        load: (user) => ({ data: { user } }),
      }),
    )
    const user = newValue()
    const browser = visitorWith(app, [await setByHono('__Host-user', user)])
    const copy = browser.copy()
    expect(await browser.json('/')).toEqual({ data: { user }, flash: {} })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    app.handler = (session) => session.destroy()
    await browser.fetch('/')
    app.handler = (session) => session.all()
    expect(await copy.json('/')).toEqual({})
    expect(copy.cookies.size).toBe(0)
    expect(app.events.map(({ type }) => type)).toEqual([
      'created',
      'adopted',
      'destroyed',
      'refused',
    ])
  })

  test('leaves an anonymous visitor whose cookie is forged as it was', async () => {
    const app = newMovedApp(
      honoCookie({ name: 'user', secrets: SECRET, load: (user) => ({ data: { user } }) }),
    )
    const browser = visitorWith(app, [await setByHono('user', newValue(), 'a guess')])
    expect(await browser.json('/')).toEqual({ data: {}, flash: {} })
    expect([...browser.cookies.keys()]).toEqual(['user'])
    expect(app.calls).toEqual([])
  })

  test('makes a session for each browser of a user, if the identity is told to be new each time', async () => {
    const app = newMovedApp(
      honoCookie({
        name: 'user',
        secrets: SECRET,
        identity: () => crypto.randomUUID(),
        load: (user) => ({ data: { user } }),
      }),
    )
    app.handler = async (session) => ({ ...(await session.all()), id: session.id })
    const user = newValue()
    const cookie = await setByHono('user', user)
    const phone = await visitorWith(app, [cookie]).json<{ id: string }>('/')
    const laptop = await visitorWith(app, [cookie]).json<{ id: string }>('/')
    expect([phone, laptop]).toMatchObject([{ user }, { user }])
    expect(phone.id).not.toBe(laptop.id)
  })
})
