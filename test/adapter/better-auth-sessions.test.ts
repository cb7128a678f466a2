import { admin } from 'better-auth/plugins/admin'
import { anonymous } from 'better-auth/plugins/anonymous'
import { afterEach, describe, expect, test, vi } from 'vitest'

import type { BetterAuthStorage } from '../../src/adapter/better-auth.ts'
import { type AuthApp, newAuthApp, PASSWORD, post, whoIs } from '../support/auth-app.ts'
import type { Browser } from '../support/browser.ts'

const TWENTY = Array.from({ length: 20 }, (_, index) => index)

/** The tokens that better-auth lists for a browser's user. */
async function listed(browser: Browser): Promise<string[]> {
  const sessions = await browser.json<{ token: string }[]>('/api/auth/list-sessions')
  return sessions.map(({ token }) => token).toSorted()
}

async function tokensOf(browsers: readonly Browser[]): Promise<string[]> {
  const known = await Promise.all(browsers.map(whoIs))
  return known.flatMap((one) => one?.session.token ?? []).toSorted()
}

/** Twenty browsers of one user that signed in at the same time, and the one that made the account. */
async function crowd({ signUp, signIn }: AuthApp): Promise<{ first: Browser; all: Browser[] }> {
  const first = await signUp()
  const others = await Promise.all(TWENTY.map(signIn))
  return { first, all: [first, ...others] }
}

/** A storage that holds back one `set` of a key until it is let go. */
function withGate(): {
  around: (storage: BetterAuthStorage) => BetterAuthStorage
  hold: (key: string) => Promise<void>
  letGo: () => void
} {
  const reached = Promise.withResolvers<void>()
  const open = Promise.withResolvers<void>()
  let held: string | undefined
  return {
    around: (storage) => ({
      ...storage,
      set: async (key, value, ttl) => {
        if (key === held) {
          held = undefined
          reached.resolve()
          await open.promise
        }
        return storage.set(key, value, ttl)
      },
    }),
    hold: async (key) => {
      held = key
      return reached.promise
    },
    letGo: () => {
      open.resolve()
    },
  }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('twenty sign-ins of one user at the same time', () => {
  test('are all listed, and revoke-sessions ends all at once', async () => {
    const app = newAuthApp()
    const { first, all } = await crowd(app)
    const tokens = await tokensOf(all)
    expect(tokens).toHaveLength(21)
    expect(await listed(first)).toEqual(tokens)
    const copies = all.map((browser) => browser.copy())
    expect((await post(first, '/revoke-sessions')).status).toBe(200)
    expect(await tokensOf(copies)).toEqual([])
    // The list has none of them either: the next sign-in finds it empty.
    const later = await app.signIn()
    const { user } = (await whoIs(later)) ?? {}
    const list: unknown = JSON.parse(
      (await app.storage.get(`active-sessions-${user?.id ?? ''}`)) ?? '[]',
    )
    expect(list).toHaveLength(1)
    expect(await listed(later)).toEqual(await tokensOf([later]))
  })

  test('are all listed, and those that sign out at the same time leave the others', async () => {
    const { first, all } = await crowd(newAuthApp())
    const leaving = all.slice(1, 11)
    const copies = leaving.map((browser) => browser.copy())
    await Promise.all(leaving.map((browser) => post(browser, '/sign-out')))
    expect(await tokensOf(copies)).toEqual([])
    const rest = await tokensOf(all)
    expect(rest).toHaveLength(11)
    expect(await listed(first)).toEqual(rest)
  })

  test('and sign out all at once, to the last', async () => {
    const app = newAuthApp()
    const { first, all } = await crowd(app)
    const { user } = (await whoIs(first)) ?? {}
    const copies = all.map((browser) => browser.copy())
    await Promise.all(all.map((browser) => post(browser, '/sign-out')))
    expect(await tokensOf(copies)).toEqual([])
    expect(await app.storage.get(`active-sessions-${user?.id ?? ''}`)).toBe(null)
  })

  test('and revoke-other-sessions leaves its own', async () => {
    const { first, all } = await crowd(newAuthApp())
    expect((await post(first, '/revoke-other-sessions')).status).toBe(200)
    const rest = await tokensOf(all)
    expect(rest).toEqual(await tokensOf([first]))
    expect(await listed(first)).toEqual(rest)
  })

  test('that overlap a revocation are either listed or over', async () => {
    const app = newAuthApp()
    const { first, all } = await crowd(app)
    const [others] = await Promise.all([
      Promise.all(TWENTY.map(app.signIn)),
      post(first, '/revoke-sessions'),
    ])
    expect(await tokensOf(all.slice(1))).toEqual([])
    const later = await app.signIn()
    expect(await listed(later)).toEqual(await tokensOf([...others, later]))
  })
})

describe('a sign-out is final', () => {
  test('for a profile update that had read the session before', async () => {
    const gate = withGate()
    const app = newAuthApp({}, gate.around)
    const browser = await app.signUp()
    const [copy, other] = [browser.copy(), await app.signIn()]
    const { session } = (await whoIs(browser)) ?? {}
    const reached = gate.hold(session?.token ?? '')
    const update = post(browser.copy(), '/update-user', { name: 'Countess' })
    await reached
    expect((await post(browser, '/sign-out')).status).toBe(200)
    gate.letGo()
    expect((await update).status).toBe(200)
    expect(await whoIs(copy)).toBe(null)
    expect(await whoIs(other)).toMatchObject({ user: { name: 'Countess' } })
    expect(await listed(other)).toEqual(await tokensOf([other]))
  })

  test('for a refresh of its expiry, which writes the list as well', async () => {
    const gate = withGate()
    const app = newAuthApp({ session: { updateAge: 0 } }, gate.around)
    const browser = await app.signUp()
    const [copy, other] = [browser.copy(), await app.signIn()]
    const { session } = (await whoIs(browser)) ?? {}
    const reached = gate.hold(session?.token ?? '')
    const refresh = whoIs(browser.copy())
    await reached
    expect((await post(browser, '/sign-out')).status).toBe(200)
    gate.letGo()
    await refresh
    expect(await whoIs(copy)).toBe(null)
    expect(await listed(other)).toEqual(await tokensOf([other]))
  })

  test('for a sign-in that had read the list before', async () => {
    const gate = withGate()
    const app = newAuthApp({}, gate.around)
    const [first, browser] = [await app.signUp(), await app.signIn()]
    const { user } = (await whoIs(browser)) ?? {}
    const reached = gate.hold(`active-sessions-${user?.id ?? ''}`)
    const signIn = app.signIn()
    await reached
    // The gate holds back the sign-in's list; the sign-out's passes.
    expect((await post(browser, '/sign-out')).status).toBe(200)
    gate.letGo()
    const other = await signIn
    const list = JSON.parse(
      (await app.storage.get(`active-sessions-${user?.id ?? ''}`)) ?? '[]',
    ) as { token: string }[]
    expect(list.map(({ token }) => token).toSorted()).toEqual(await tokensOf([first, other]))
  })
})

test('a profile that changes in the last second of a session, which has a ttl of 0 then, changes', async () => {
  const now = Date.now()
  vi.useFakeTimers({ toFake: ['Date'], now })
  const app = newAuthApp({ session: { expiresIn: 60, updateAge: 3600 } })
  const browser = await app.signUp()
  const { user } = (await whoIs(browser)) ?? {}
  vi.setSystemTime(now + 40_000)
  const other = await app.signIn()
  vi.setSystemTime(now + 59_500)
  expect((await post(other, '/update-user', { name: 'Countess' })).status).toBe(200)
  expect(await whoIs(browser)).toBe(null)
  expect(await whoIs(other)).toMatchObject({ user: { id: user?.id, name: 'Countess' } })
  expect(await listed(other)).toEqual(await tokensOf([other]))
})

describe('the cases of better-auth’s own tests of its secondaryStorage', () => {
  test('a user who is deleted leaves no session and no list', async () => {
    const app = newAuthApp({ user: { deleteUser: { enabled: true } } })
    const [browser, other] = [await app.signUp(), await app.signIn()]
    const { user } = (await whoIs(browser)) ?? {}
    const tokens = await tokensOf([browser, other])
    expect((await post(browser, '/delete-user', { password: PASSWORD })).status).toBe(200)
    expect(await whoIs(other)).toBe(null)
    expect(await Promise.all(tokens.map((token) => app.storage.get(token)))).toEqual([null, null])
    expect(await app.storage.get(`active-sessions-${user?.id ?? ''}`)).toBe(null)
  })

  test.for([false, true])(
    'a session that is revoked is over, with its row in the database preserved: %j',
    async (preserveSessionInDatabase) => {
      const app = newAuthApp({
        session: { storeSessionInDatabase: true, preserveSessionInDatabase },
      })
      const browser = await app.signUp()
      const { session } = (await whoIs(browser)) ?? {}
      const copy = browser.copy()
      expect(await app.storage.get(session?.token ?? '')).not.toBe(null)
      expect((await post(browser, '/revoke-session', { token: session?.token })).status).toBe(200)
      expect(await app.storage.get(session?.token ?? '')).toBe(null)
      expect(await whoIs(copy)).toBe(null)
    },
  )

  test('a session whose user an admin removes is over', async () => {
    const app = newAuthApp({
      plugins: [admin()],
      databaseHooks: {
        user: { create: { before: async (user) => ({ data: { ...user, role: 'admin' } }) } },
      },
    })
    const browser = await app.signUp()
    const created = await post(browser, '/admin/create-user', {
      email: 'ada@app.example',
      password: PASSWORD,
      name: 'Ada',
    })
    const { user } = await created.json<{ user: { id: string } }>()
    const victim = app.newBrowser()
    const credentials = { email: 'ada@app.example', password: PASSWORD }
    expect((await post(victim, '/sign-in/email', credentials)).status).toBe(200)
    expect(await whoIs(victim)).toMatchObject({ user: { id: user.id } })
    expect((await post(browser, '/admin/remove-user', { userId: user.id })).status).toBe(200)
    expect(await whoIs(victim)).toBe(null)
    expect(await whoIs(browser)).not.toBe(null)
  })

  test('an anonymous user who is deleted leaves no session', async () => {
    const app = newAuthApp({ plugins: [anonymous()] })
    const browser = app.newBrowser()
    expect((await post(browser, '/sign-in/anonymous')).status).toBe(200)
    const { session } = (await whoIs(browser)) ?? {}
    const copy = browser.copy()
    expect((await post(browser, '/delete-anonymous-user')).status).toBe(200)
    expect(await app.storage.get(session?.token ?? '')).toBe(null)
    expect(await whoIs(copy)).toBe(null)
  })
})

test('a password is reset once by three requests with one token, and ends the sessions', async () => {
  const sent: { email: string; token: string }[] = []
  const app = newAuthApp({
    emailAndPassword: {
      enabled: true,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, token }) => {
        sent.push({ email: user.email, token })
      },
    },
  })
  const browser = await app.signUp()
  const { user } = (await whoIs(browser)) ?? {}
  const visitor = app.newBrowser()
  await post(visitor, '/request-password-reset', { email: user?.email, redirectTo: '/reset' })
  await expect.poll(() => sent).toEqual([{ email: user?.email, token: expect.any(String) }])
  const [{ token } = { token: '' }] = sent
  const reset = (newPassword: string): Promise<Response> =>
    post(app.newBrowser(), '/reset-password', { newPassword, token })
  const passwords = ['first one of three', 'second one of three', 'third one of three']
  const responses = await Promise.all(passwords.map(reset))
  expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 400, 400])
  expect((await reset('a fourth password')).status).toBe(400)
  expect(await whoIs(browser)).toBe(null)
  const attempts = [PASSWORD, 'a fourth password', ...passwords].map((password) =>
    post(app.newBrowser(), '/sign-in/email', { email: user?.email, password }),
  )
  const statuses = (await Promise.all(attempts)).map(({ status }) => status)
  expect(statuses.toSorted()).toEqual([200, 401, 401, 401, 401])
  expect(statuses.indexOf(200)).toBe(2 + responses.findIndex(({ status }) => status === 200))
})

describe('the rate limit', () => {
  const limited = {
    rateLimit: {
      enabled: true,
      customRules: { '/sign-in/email': { window: 3600, max: 3 } },
    },
    advanced: { ipAddress: { ipAddressHeaders: ['cf-connecting-ip'] } },
  }
  const from = (address: string) => ({ headers: { 'cf-connecting-ip': address } })

  test('lets exactly three of twenty sign-ins of one address pass, and those of another', async () => {
    const app = newAuthApp(limited)
    const attempt = async (address: string): Promise<number> => {
      const response = await app.newBrowser().fetch('/api/auth/sign-in/email', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...from(address).headers },
        body: JSON.stringify({ email: 'nobody@app.example', password: PASSWORD }),
      })
      return response.status
    }
    const statuses = await Promise.all(TWENTY.map(() => attempt('203.0.113.1')))
    expect(statuses.filter((status) => status !== 429)).toEqual([401, 401, 401])
    expect(await attempt('203.0.113.2')).toBe(401)
  })

  test('has a key for any path', async () => {
    const app = newAuthApp(limited)
    const path = `/api/auth/${'long/'.repeat(800)}`
    expect((await app.newBrowser().fetch(path, from('203.0.113.1'))).status).toBe(404)
  })
})
