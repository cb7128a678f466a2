import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { createCookie, createCookieSessionStorage } from 'react-router'
import { describe, expect, test } from 'vitest'

import type { Adopted } from '../../src/adopt.ts'
import {
  parseCookie,
  reactRouterCookie,
  reactRouterIdCookie,
  type RouterSession,
} from '../../src/migrate/react-router.ts'
import { anyCharacter } from '../support/any-character.ts'
import { kvStorage } from '../support/old-libraries.mjs'
import { runs } from '../support/thorough.ts'
import { cookieHeader, forgedAt } from './moved-cookies.ts'
import { newMovedApp, visitorWith } from './moved.ts'
import { oneBitOff } from './one-bit-off.ts'

const SECRET = 'the secret of the old application'
const NAME = '__session'

const cookieOf = (secrets: string[]): ReturnType<typeof createCookie> =>
  createCookie(NAME, { secrets, httpOnly: true, secure: true, sameSite: 'lax' })

/** The Cookie header for a value that React Router has signed. */
async function headerOf(value: unknown, secret = SECRET): Promise<string> {
  return cookieHeader([await cookieOf([secret]).serialize(value)])
}

const readThere = (header: string, secrets = [SECRET]): Promise<unknown> =>
  cookieOf(secrets).parse(header)

/** The Set-Cookie header of `createCookieSessionStorage`. */
async function committed(data: object, flash: object = {}, secret = SECRET): Promise<string> {
  const storage = createCookieSessionStorage({ cookie: { name: NAME, secrets: [secret] } })
  const session = await storage.getSession()
  for (const [name, value] of Object.entries(data)) session.set(name, value)
  for (const [name, value] of Object.entries(flash)) session.flash(name, value)
  return storage.commitSession(session)
}

test.for<[what: string, value: unknown]>([
  ['a text', 'abc123'],
  ['a number', -1.5e300],
  ['false', false],
  ['null', null],
  ['a list', [1, [2]]],
  ['nothing', {}],
  ['a session', { userId: 'ada', cart: ['tea'] }],
  ['a message', { __flash_notice__: 'Saved.' }],
  ['other languages', { text: 'Zoë 日本語 👩‍🚀', ключ: 'значение' }],
  ['what cookies may not have', { text: 'a=b; c, "d" \\ % .\u0000\n' }],
  ['keys of objects', JSON.parse('{"__proto__":{"admin":true},"constructor":1}')],
  ['as much as a cookie holds', { text: 'x'.repeat(2800) }],
])('a cookie that React Router has signed is read: %s', async ([, value]) => {
  const header = await headerOf(value)
  expect(await readThere(header)).toEqual(value)
  expect(await parseCookie(header, NAME, SECRET)).toEqual(value)
  expect(await parseCookie(`a=1; ${header}; ${NAME}=second`, NAME, SECRET)).toEqual(value)
})

describe('a Cookie header that React Router refuses gives nothing:', () => {
  const good = headerOf({ userId: 'ada' })
  const macAt = (pair: string): number => pair.lastIndexOf('.') + 1
  test.for<[what: string, forge: (pair: string) => string]>([
    ['another value', (pair) => forgedAt(pair, NAME.length + 3)],
    ['another end of the value', (pair) => forgedAt(pair, macAt(pair) - 8)],
    ['no value', (pair) => `${NAME}=.${pair.slice(macAt(pair))}`],
    ['the beginning of the MAC changed', (pair) => forgedAt(pair, macAt(pair))],
    ['the end of the MAC changed', (pair) => forgedAt(pair, -3)],
    ['a MAC of another length', (pair) => pair.slice(0, -4)],
    ['no MAC', (pair) => pair.slice(0, macAt(pair))],
    ['no dot', (pair) => pair.slice(0, macAt(pair) - 1)],
    ['an empty cookie', () => `${NAME}=`],
    ['no cookie', () => ''],
    ['another name', (pair) => pair.replace(NAME, '__Session')],
    ['a name that ends in this one', (pair) => `my${pair}`],
    ['a name that begins with this one', (pair) => pair.replace(NAME, `${NAME}2`)],
    ['an earlier cookie of the name', (pair) => `${NAME}=x; ${pair}`],
    ['percent signs that cannot be decoded', (pair) => `${pair}%E0%A4%A`],
  ])('%s', async ([, forge]) => {
    const header = forge(await good)
    expect([null, '']).toContain(await readThere(header))
    expect(await parseCookie(header, NAME, SECRET)).toBe(undefined)
  })

  test('a signature under another secret', async () => {
    expect(await readThere(await headerOf({}, 'a guess'))).toBe(null)
    expect(await parseCookie(await headerOf({}, 'a guess'), NAME, SECRET)).toBe(undefined)
  })
})

describe('a signed cookie of React Router', () => {
  test('is read with any of the secrets, and refused with none of them', async () => {
    const header = await headerOf({ userId: 'ada' })
    for (const secrets of [['newer', SECRET], [SECRET, 'older'], [SECRET]]) {
      expect(await readThere(header, secrets)).toEqual({ userId: 'ada' })
      expect(await parseCookie(header, NAME, secrets)).toEqual({ userId: 'ada' })
    }
    expect(await parseCookie(header, NAME, ['newer', 'older'])).toBe(undefined)
    const missing = expect.objectContaining({ code: 'ERR_SECRET' })
    await expect(parseCookie(header, NAME, [SECRET, ''])).rejects.toEqual(missing)
  })

  test('is refused where nothing was signed, though React Router takes it without secrets', async () => {
    const unsigned = cookieHeader([await cookieOf([]).serialize({ userId: 'eve' })])
    expect(await readThere(unsigned, [])).toEqual({ userId: 'eve' })
    expect(await parseCookie(unsigned, NAME, [])).toBe(undefined)
    expect(await parseCookie(unsigned, NAME, SECRET)).toBe(undefined)
  })

  test('is refused with any bit of any of its characters changed', async () => {
    const text = decodeURIComponent((await headerOf('ada')).slice(NAME.length + 1))
    const read = (value: string): Promise<unknown> =>
      parseCookie(`${NAME}=${encodeURIComponent(value)}`, NAME, SECRET)
    expect(await read(text)).toBe('ada')
    const taken = await Promise.all(oneBitOff(text).map(read))
    expect(taken.filter((value) => value !== undefined)).toEqual([])
  })

  test('whatever text comes, is refused, and nothing is thrown', async () => {
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.stringMatching(/^[\w+/]{0,9}={0,2}\.[\w+/]{43}$/),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await parseCookie(`${NAME}=${text}`, NAME, SECRET)).toBe(undefined)
      }),
      { numRuns: runs(1000) },
    )
  })
})

interface Old {
  readonly userId?: string
  readonly cart?: string[]
}

const loaded = ({ data, flash }: RouterSession<Old>): Adopted<Record<string, unknown>> => ({
  data: { ...data },
  flash,
})

describe('an adoption of a session in a cookie of React Router', () => {
  const adoption = reactRouterCookie({
    name: NAME,
    secrets: () => ['newer', SECRET],
    load: loaded,
  })

  test('makes a session of its data and messages once, and clears it', async () => {
    const app = newMovedApp(adoption)
    const data = { userId: `Zoë ${crypto.randomUUID()}`, cart: ['日本'] }
    const cookie = await committed(data, { notice: 'Saved.', a__b: 1 })
    const browser = visitorWith(app, [cookie])
    const copy = browser.copy()
    const flash = { notice: 'Saved.', a__b: 1 }
    expect(await browser.json('/')).toEqual({ data, flash })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect(await browser.json('/')).toEqual({ data, flash: {} })
    app.handler = (session) => session.destroy()
    await browser.fetch('/')
    app.handler = (session) => session.all()
    expect(await copy.json('/')).toEqual({})
    expect(copy.cookies.size).toBe(0)
  })

  test('makes one session of the same data under either secret', async () => {
    const app = newMovedApp(adoption)
    app.handler = async (session) => [await session.get('userId'), session.id]
    const data = { userId: crypto.randomUUID() }
    const older = await visitorWith(app, [await committed(data)]).json('/')
    const newer = await visitorWith(app, [await committed(data, {}, 'newer')]).json('/')
    expect(newer).toEqual(older)
  })

  test.for<[what: string, cookie: Promise<string>]>([
    ['forged', committed({ userId: 'eve' }, {}, 'a guess')],
    ['of a text', cookieOf([SECRET]).serialize('ada')],
    ['of a list', cookieOf([SECRET]).serialize(['ada'])],
    ['of null', cookieOf([SECRET]).serialize(null)],
  ])('leaves an anonymous visitor as it was whose cookie is %s', async ([, cookie]) => {
    const app = newMovedApp(adoption)
    const browser = visitorWith(app, [await cookie])
    expect(await browser.json('/')).toEqual({ data: {}, flash: {} })
    expect([...browser.cookies.keys()]).toEqual([NAME])
    expect(app.calls).toEqual([])
  })
})

describe('an adoption of a session that React Router keeps in KV', () => {
  const storage = kvStorage(env.SESSION_KV, SECRET)
  let reads: string[] = []
  const adoption = reactRouterIdCookie({
    name: NAME,
    secrets: SECRET,
    readData: (id) => {
      reads.push(id)
      return env.SESSION_KV.get(id, 'json')
    },
    load: ({ id, ...session }: RouterSession<Old> & { readonly id: string }) => {
      reads.push(`load ${id}`)
      return loaded(session)
    },
  })

  async function stored(data: object): Promise<string> {
    const session = await storage.getSession(null)
    for (const [name, value] of Object.entries(data)) session.set(name, value)
    return storage.commitSession(session)
  }

  test('makes a session of its record once, and clears its cookie', async () => {
    reads = []
    const app = newMovedApp(adoption)
    const data = { userId: 'Zoë', cart: ['tea'] }
    const cookie = await stored({ ...data, __flash_notice__: 'Saved.' })
    const id = await parseCookie(cookieHeader([cookie]), NAME, SECRET)
    const browser = visitorWith(app, [cookie])
    expect(await browser.json('/')).toEqual({ data, flash: { notice: 'Saved.' } })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect(reads).toEqual([id, `load ${String(id)}`])
  })

  test('leaves an anonymous visitor as it was whose record is gone, or none', async () => {
    const app = newMovedApp(adoption)
    for (const record of [undefined, 'null', '"ada"', '[]']) {
      // In sequence, as the application is one.
      // oxlint-disable-next-line no-await-in-loop
      const cookie = await stored({ userId: 'ada' })
      // oxlint-disable-next-line no-await-in-loop
      const id = String(await parseCookie(cookieHeader([cookie]), NAME, SECRET))
      // oxlint-disable-next-line no-await-in-loop
      await (record === undefined ? env.SESSION_KV.delete(id) : env.SESSION_KV.put(id, record))
      const browser = visitorWith(app, [cookie])
      // oxlint-disable-next-line no-await-in-loop
      expect(await browser.json('/')).toEqual({ data: {}, flash: {} })
      expect([...browser.cookies.keys()]).toEqual([NAME])
    }
  })

  test.for<[what: string, value: unknown, secret: string]>([
    ['not signed by the secret', 'abc123', 'a guess'],
    ['not an id', { userId: 'ada' }, SECRET],
    ['an empty id', '', SECRET],
  ])('asks for no record by what is %s', async ([, value, secret]) => {
    reads = []
    const app = newMovedApp(adoption)
    const browser = visitorWith(app, [await cookieOf([secret]).serialize(value)])
    expect(await browser.json('/')).toEqual({ data: {}, flash: {} })
    expect([reads, app.calls]).toEqual([[], []])
  })
})
