import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { createAuthEndpoint } from 'better-auth/api'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'

import { betterAuthCookie, sessionToken } from '../../src/migrate/better-auth.ts'
import { anyCharacter } from '../support/any-character.ts'
import { newAuthApp, post, whoIs } from '../support/auth-app.ts'
import type { Browser } from '../support/browser.ts'
import { runs } from '../support/thorough.ts'
import { cookieHeader, forgedAt } from './moved-cookies.ts'
import { newMovedApp, visitorWith } from './moved.ts'
import { oneBitOff } from './one-bit-off.ts'

const SECRET = 'a secret of the old application, long enough'
const NAME = '__Secure-better-auth.session_token'

const TOKEN = z.object({ token: z.string() })

/** better-auth with two endpoints more: one signs a value as a session's token, one reads it. */
function newSigner(secret = SECRET, options: Omit<BetterAuthOptions, 'plugins'> = {}) {
  return betterAuth({
    baseURL: 'https://old.example',
    secret,
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    logger: { disabled: true },
    ...options,
    plugins: [
      {
        id: 'signer',
        endpoints: {
          signToken: createAuthEndpoint(
            '/sign-token',
            { method: 'POST', body: TOKEN },
            async (ctx) => {
              const { authCookies, secret: own } = ctx.context
              const { name, attributes } = authCookies.sessionToken
              await ctx.setSignedCookie(name, ctx.body.token, own, attributes)
              return null
            },
          ),
          readToken: createAuthEndpoint(
            '/read-token',
            { method: 'GET', requireHeaders: true },
            async (ctx) => {
              const { authCookies, secret: own } = ctx.context
              return ctx.getSignedCookie(authCookies.sessionToken.name, own)
            },
          ),
        },
      },
    ],
  })
}

const signer = newSigner()

/** The Set-Cookie header of better-auth's own `setSignedCookie`. */
async function signed(value: string, secret = SECRET): Promise<string> {
  const { headers } = await newSigner(secret).api.signToken({
    body: { token: value },
    returnHeaders: true,
  })
  return headers.getSetCookie()[0] ?? ''
}

/** What better-auth's own `getSignedCookie` says of a Cookie header. */
async function readThere(header: string): Promise<unknown> {
  return signer.api.readToken({ headers: new Headers({ Cookie: header }) })
}

afterEach(() => {
  vi.useRealTimers()
})

test.for([
  'x8bY4Wqk2mJ7cLr0TnPz5vHdEgSa9uQf',
  '1',
  'a.b.c',
  'a b',
  'a=b; c=d',
  'a,b',
  '100%',
  '%41',
  '+/=',
  'Zoë',
  '日本語',
  '👩‍🚀',
  '\n',
  '{"token":"a"}',
  'x'.repeat(3000),
  '__proto__',
])('the token %j that better-auth has signed is read', async (token) => {
  const header = cookieHeader([await signed(token)])
  expect(await readThere(header)).toBe(token)
  expect(await sessionToken(header, NAME, SECRET)).toBe(token)
  const among = `other=1; ${header}; ${NAME}=2`
  expect(await readThere(among)).toBe(token)
  expect(await sessionToken(among, NAME, SECRET)).toBe(token)
})

describe('a Cookie header that better-auth refuses gives nothing:', () => {
  const good = signed('ada.1')
  test.for<[what: string, forge: (pair: string) => string]>([
    ['another token', (pair) => pair.replace('ada', 'eve')],
    ['a token with one more character', (pair) => pair.replace('=ada', '=xada')],
    ['no token', (pair) => pair.replace('ada.1', '')],
    ['the beginning of the signature changed', (pair) => forgedAt(pair, pair.lastIndexOf('.') + 1)],
    ['the end of the signature changed', (pair) => forgedAt(pair, -5)],
    ['no signature', (pair) => pair.slice(0, pair.lastIndexOf('.'))],
    ['an empty signature', (pair) => pair.slice(0, pair.lastIndexOf('.') + 1)],
    ['a shorter signature', (pair) => `${pair.slice(0, -5)}%3D`],
    ['a signature without padding', (pair) => pair.slice(0, -3)],
    ['more padding', (pair) => `${pair}%3D`],
    ['another part of the token', (pair) => pair.replace('.1.', '.2.')],
    ['another name', (pair) => pair.replace('session', 'Session')],
    ['the name without its prefix', (pair) => pair.replace('__Secure-', '')],
    ['a name that ends in this one', (pair) => `my${pair}`],
    ['a name that begins with this one', (pair) => pair.replace('=', '2=')],
    ['no name', (pair) => pair.slice(NAME.length + 1)],
    ['an earlier cookie of the name', (pair) => `${NAME}=x; ${pair}`],
    ['no cookie', () => ''],
    ['percent signs that cannot be decoded', (pair) => `${pair}%E0%A4%A`],
  ])('%s', async ([, forge]) => {
    const header = forge(cookieHeader([await good]))
    expect([false, null]).toContain(await readThere(header))
    expect(await sessionToken(header, NAME, SECRET)).toBe(undefined)
  })

  test('an empty token, though it is signed', async () => {
    const header = cookieHeader([await signed('')])
    expect(await readThere(header)).toBe(null)
    expect(await sessionToken(header, NAME, SECRET)).toBe(undefined)
  })
})

describe('a token that better-auth has signed', () => {
  test('is refused with any bit of any of its characters changed', async () => {
    const text = decodeURIComponent(cookieHeader([await signed('ada')]).slice(NAME.length + 1))
    const read = (value: string): Promise<string | undefined> =>
      sessionToken(`${NAME}=${encodeURIComponent(value)}`, NAME, SECRET)
    expect(await read(text)).toBe('ada')
    const taken = await Promise.all(oneBitOff(text).map(read))
    expect(taken.filter((value) => value !== undefined)).toEqual([])
  })

  test('is read with any of the secrets, and refused with none of them', async () => {
    const header = cookieHeader([await signed('ada')])
    expect(await sessionToken(header, NAME, ['newer', SECRET])).toBe('ada')
    expect(await sessionToken(header, NAME, [SECRET, 'older'])).toBe('ada')
    expect(await sessionToken(header, NAME, ['newer', 'older'])).toBe(undefined)
    expect(await sessionToken(header, NAME, [])).toBe(undefined)
    const missing = expect.objectContaining({ code: 'ERR_SECRET' })
    await expect(sessionToken(header, NAME, '')).rejects.toEqual(missing)
    await expect(sessionToken(header, NAME, [SECRET, ''])).rejects.toEqual(missing)
  })

  test('is signed by the first of several secrets of better-auth', async () => {
    const [first, second] = [`${SECRET} 2`, `${SECRET} 1`]
    const secrets = [first, second].map((value, index) => ({ version: 2 - index, value }))
    const several = newSigner(undefined, { secrets })
    const { headers } = await several.api.signToken({ body: { token: 'ada' }, returnHeaders: true })
    const header = cookieHeader(headers.getSetCookie())
    expect(await sessionToken(header, NAME, first)).toBe('ada')
    expect(await sessionToken(header, NAME, second)).toBe(undefined)
  })

  test('is read under the name that it has on http, or was given', async () => {
    for (const [options, name] of [
      [{ baseURL: 'http://localhost:3000' }, 'better-auth.session_token'],
      [{ advanced: { cookiePrefix: 'app' } }, '__Secure-app.session_token'],
      [
        { advanced: { cookies: { session_token: { name: 'sid' } }, useSecureCookies: false } },
        'sid',
      ],
    ] as const) {
      const other = newSigner(SECRET, options)
      // oxlint-disable-next-line no-await-in-loop
      const { headers } = await other.api.signToken({ body: { token: 'ada' }, returnHeaders: true })
      const header = cookieHeader(headers.getSetCookie())
      // oxlint-disable-next-line no-await-in-loop
      expect(await sessionToken(header, name, SECRET)).toBe('ada')
      // oxlint-disable-next-line no-await-in-loop
      expect(await sessionToken(header, NAME, SECRET)).toBe(undefined)
    }
  })

  test('is read where workerd has joined two Cookie headers by a comma', async () => {
    const header = cookieHeader([await signed('a,b')])
    expect(await sessionToken(`${header}, theme=dark`, NAME, SECRET)).toBe('a,b')
  })

  test('whatever text comes, is refused, and nothing is thrown', async () => {
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.stringMatching(/^[\w.]{0,9}\.[\w+/]{43}=$/),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await sessionToken(`${NAME}=${text}`, NAME, SECRET)).toBe(undefined)
      }),
      { numRuns: runs(1000) },
    )
  })
})

describe('an adoption of a session of better-auth', () => {
  type Found = Awaited<ReturnType<ReturnType<typeof newAuthApp>['findSession']>>
  interface Old {
    readonly old: ReturnType<typeof newAuthApp>
    readonly app: ReturnType<typeof newMovedApp>
    readonly asked: string[]
  }

  function newMove(
    options: BetterAuthOptions = {},
    readSession?: (token: string, old: Old['old']) => Promise<Found | undefined>,
  ): Old {
    const old = newAuthApp({ secret: SECRET, ...options })
    const asked: string[] = []
    const adoption = betterAuthCookie({
      name: NAME,
      secrets: () => ['newer', SECRET],
      readSession: (token) => {
        asked.push(token)
        return readSession?.(token, old) ?? old.findSession(token)
      },
      load: ({ session, user }) => ({ data: { user: user.name, id: session.userId } }),
    })
    return { old, app: newMovedApp(adoption), asked }
  }

  /** The browser with its cookies at the new application. */
  function moved({ app }: Old, browser: Browser): Browser {
    return visitorWith(
      app,
      Array.from(browser.cookies, ([name, value]) => `${name}=${value}`),
    )
  }

  const NOBODY = { data: {}, flash: {} }

  test('makes a session of it once, and clears all of its cookies', async () => {
    const cookieCache = { enabled: true }
    const move = newMove({ session: { cookieCache } })
    const there = await move.old.signUp()
    await post(there, '/update-user', { name: 'Zoë 日本語' })
    const { user, session } = (await whoIs(there)) ?? {}
    expect([...there.cookies.keys()]).toContain('__Secure-better-auth.session_data')
    const browser = moved(move, there)
    browser.cookies.set('theme', 'dark')
    const copy = browser.copy()
    const data = { user: 'Zoë 日本語', id: user?.id }
    expect(await browser.json('/')).toEqual({ data, flash: {} })
    expect([...browser.cookies.keys()].toSorted()).toEqual(['__Host-session', 'theme'])
    expect(move.asked).toEqual([session?.token])
    move.app.handler = (own) => own.destroy()
    await browser.fetch('/')
    move.app.handler = (own) => own.all()
    expect(await copy.json('/')).toEqual({})
    expect([...copy.cookies.keys()]).toEqual(['theme'])
  })

  test('clears a copy of the session that is in parts, and the other cookies of a session', async () => {
    const move = newMove({ session: { cookieCache: { enabled: true } } })
    const there = await move.old.signUp()
    // better-auth keeps an image of any length, so the copy gets as long.
    await post(there, '/update-user', { image: `https://app.example/${'x'.repeat(9000)}` })
    const names = [...there.cookies.keys()]
    expect(names).toContain('__Secure-better-auth.session_data.1')
    const browser = moved(move, there)
    browser.cookies.set('__Secure-better-auth.dont_remember', 'true.mac')
    browser.cookies.set('__Secure-better-auth.account_data', 'a.b.c')
    expect(await browser.json('/')).toMatchObject({ data: { user: 'Ada' } })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })

  test('takes what its storage has as JSON', async () => {
    const move = newMove({}, async (token, { storage }) =>
      JSON.parse((await storage.get(token)) ?? 'null'),
    )
    const browser = moved(move, await move.old.signUp())
    expect(await browser.json('/')).toMatchObject({ data: { user: 'Ada' } })
  })

  test('clears no cookie that the browser has not sent', async () => {
    const move = newMove()
    const response = await moved(move, await move.old.signUp()).fetch('/')
    const names = response.headers.getSetCookie().map((each) => each.slice(0, each.indexOf('=')))
    expect(names.toSorted()).toEqual(['__Host-session', NAME])
  })

  test.for<[what: string, change: (browser: Browser, old: Old['old']) => Promise<unknown>]>([
    ['signed out', async (browser) => post(browser.copy(), '/sign-out')],
    [
      'revoked from elsewhere',
      async (_, { signIn }) => post(await signIn(), '/revoke-other-sessions'),
    ],
    [
      'expired in the storage',
      async () => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * 86_400_000 }),
    ],
  ])('leaves a visitor as it was whose session is %s', async ([, change]) => {
    const move = newMove()
    const there = await move.old.signUp()
    const browser = moved(move, there)
    await change(there, move.old)
    expect(await browser.json('/')).toEqual(NOBODY)
    expect([...browser.cookies.keys()]).toEqual([NAME])
    expect(move.asked).toHaveLength(1)
    expect(move.app.calls).toEqual([])
  })

  test.for<[what: string, expiresAt: Date | string | number | undefined, isLive: boolean]>([
    ['a Date that is over', new Date(Date.now() - 1000), false],
    ['a Date that is not', new Date(Date.now() + 60_000), true],
    ['a text that is over', new Date(Date.now() - 1000).toISOString(), false],
    ['a text that is not', new Date(Date.now() + 60_000).toISOString(), true],
    ['a number that is over', Date.now() - 1000, false],
    ['a number that is not', Date.now() + 60_000, true],
    ['no time', 'soon', false],
    ['absent', undefined, false],
  ])('asks load only for a session that lives: %s', async ([, expiresAt, isLive]) => {
    const app = newMovedApp(
      betterAuthCookie({
        name: NAME,
        secrets: SECRET,
        readSession: () => ({ session: { expiresAt: expiresAt as Date } }),
        load: () => ({ data: { user: 'ada' } }),
      }),
    )
    const browser = visitorWith(app, [await signed(crypto.randomUUID())])
    expect(await browser.json('/')).toEqual({ ...NOBODY, data: isLive ? { user: 'ada' } : {} })
  })

  test('asks for no session by a token that is not signed by the secret', async () => {
    const move = newMove()
    const { session } = (await whoIs(await move.old.signUp())) ?? {}
    const browser = visitorWith(move.app, [await signed(session?.token ?? '', `${SECRET}!`)])
    expect(await browser.json('/')).toEqual(NOBODY)
    expect([...browser.cookies.keys()]).toEqual([NAME])
    expect([move.asked, move.app.calls]).toEqual([[], []])
  })

  test('leaves the cookie if the storage of better-auth fails', async () => {
    let isDown = true
    const move = newMove({}, (token, { findSession }) =>
      isDown ? Promise.reject(new Error('down')) : findSession(token),
    )
    const browser = moved(move, await move.old.signUp())
    expect((await browser.fetch('/')).status).toBe(503)
    expect([...browser.cookies.keys()]).toEqual([NAME])
    isDown = false
    expect(await browser.json('/')).toMatchObject({ data: { user: 'Ada' } })
  })
})
