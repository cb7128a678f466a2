import { env } from 'cloudflare:workers'

import { bound, type BoundMethods, type BoundOptions } from '../../src/bound.ts'
import { bindings } from '../../src/bound/bindings.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppOptions, type AppSession, newApp } from './app.ts'
import type { Browser } from './browser.ts'
import { SoftDevice } from './soft-device.ts'

export type BoundSession = AppSession & BoundMethods

/** The stores in which a session can be bound. */
export const BINDING_STORES = [
  ['durable-object', { store: durableObjectStore(env.BINDING) }],
  ['memory', { store: memoryStore(bindings) }],
] as const

export interface BoundApp extends Omit<App, 'handler'> {
  handler: (session: BoundSession, request: Request) => unknown
}

/** An app with `bound()`. */
export function boundApp({
  bound: options,
  ...others
}: AppOptions & { readonly bound?: BoundOptions } = {}): BoundApp {
  const app = newApp({ store: durableObjectStore(env.BINDING), use: [bound(options)], ...others })
  app.handler = () => null
  return app
}

/** A browser with a device, and a user who has signed in. The device has not registered yet. */
export interface SignedIn {
  readonly browser: Browser
  readonly device: SoftDevice
  /** The response to the sign-in. */
  readonly response: Response
}

/** The device of a browser: what it sends has the browser's cookies, and the browser keeps what it gets. */
export function deviceOf(browser: Browser, alg?: 'ES256' | 'RS256'): SoftDevice {
  return new SoftDevice((path, init) => browser.fetch(path, init), alg)
}

export async function signIn(
  app: BoundApp,
  userId = 'ada',
  browser: Browser = app.browser(),
): Promise<SignedIn> {
  const { handler } = app
  app.handler = async (session) => session.signIn(userId)
  const response = await browser.fetch('/')
  app.handler = handler
  return { browser, device: deviceOf(browser), response }
}

/** The same, and the device has registered. */
export async function boundVisitor(app: BoundApp, userId?: string): Promise<SignedIn> {
  const visitor = await signIn(app, userId)
  await visitor.device.register(visitor.response)
  app.calls.length = 0
  app.events.length = 0
  return visitor
}
