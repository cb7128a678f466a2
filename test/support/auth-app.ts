import { type BetterAuthOptions, betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'

import { betterAuthStorage, type BetterAuthStorage } from '../../src/adapter/better-auth.ts'
import { Browser } from './browser.ts'

export const PASSWORD = 'correct horse battery staple'

export interface AuthApp {
  readonly storage: BetterAuthStorage
  /** A browser that has an account, and is signed in. */
  readonly signUp: () => Promise<Browser>
  /** Another browser of the same user, who signs in. */
  readonly signIn: () => Promise<Browser>
  /** Another browser. */
  readonly newBrowser: () => Browser
  /** What better-auth finds for a session's token. */
  readonly findSession: (token: string) => Promise<FoundSession | null>
}

interface FoundSession {
  readonly session: { readonly token: string; readonly userId: string; readonly expiresAt: Date }
  readonly user: { readonly name: string }
}

/**
 * Returns an application with better-auth, its users in memory, and its sessions in objects. `around` may return another
 * storage around the adapter's.
 */
export function newAuthApp(
  options: BetterAuthOptions = {},
  around: (storage: BetterAuthStorage) => BetterAuthStorage = (storage) => storage,
): AuthApp {
  const storage = betterAuthStorage({ namespace: () => env.ITEMS, base: crypto.randomUUID() })
  const auth = betterAuth({
    baseURL: 'https://app.example',
    secret: env.SESSION_SECRET,
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    secondaryStorage: around(storage),
    rateLimit: { enabled: false },
    logger: { disabled: true },
    // The real hash takes a tenth of a second: no part of what is tested here.
    emailAndPassword: { enabled: true, password: { hash: async (text) => text, verify } },
    ...options,
  })
  const app = new Hono().on(['GET', 'POST'], '/api/auth/*', async (c) => auth.handler(c.req.raw))
  const newBrowser = (): Browser => new Browser(async (request) => app.fetch(request))
  const email = `${crypto.randomUUID()}@app.example`
  const enter = async (path: string, body: object): Promise<Browser> => {
    const browser = newBrowser()
    const response = await post(browser, path, body)
    if (!response.ok) throw new Error(await response.text())
    return browser
  }
  return {
    storage,
    newBrowser,
    findSession: async (token) => (await auth.$context).internalAdapter.findSession(token),
    signUp: async () => enter('/sign-up/email', { email, password: PASSWORD, name: 'Ada' }),
    signIn: async () => enter('/sign-in/email', { email, password: PASSWORD }),
  }
}

async function verify({ hash, password }: { hash: string; password: string }): Promise<boolean> {
  return hash === password
}

/** Posts to better-auth, as its client does. */
export async function post(browser: Browser, path: string, body: object = {}): Promise<Response> {
  const headers = { 'Content-Type': 'application/json', Origin: 'https://app.example' }
  return browser.fetch(`/api/auth${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
}

/** The user that better-auth knows a browser as, and the token of the session. */
export async function whoIs(browser: Browser): Promise<Known | null> {
  return browser.json<Known | null>('/api/auth/get-session')
}

interface Known {
  readonly user: { readonly id: string; readonly name: string; readonly email: string }
  readonly session: { readonly token: string }
}
