import { env } from 'cloudflare:workers'

import { once, type OnceMethods } from '../../src/once.ts'
import { leases } from '../../src/once/leases.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppOptions, type AppSession, newApp } from './app.ts'
import type { Browser } from './browser.ts'

export type OnceSession = AppSession & OnceMethods

/** The stores that can hand out leases. */
export const LEASING_STORES = [
  ['durable-object', { store: durableObjectStore(env.LEASING) }],
  ['memory', { store: memoryStore(leases) }],
] as const

/** An app with `once()`, and a visitor who has a session already. */
export async function onceVisitor(options: AppOptions): Promise<{
  readonly app: Omit<App, 'handler'> & {
    handler: (session: OnceSession, request: Request) => unknown
  }
  readonly browser: Browser
}> {
  const app = newApp({ use: [once()], ...options })
  const browser = app.browser()
  app.handler = (session) => session.set('token', 'r0')
  await browser.fetch('/')
  app.calls.length = 0
  app.events.length = 0
  return { app, browser }
}

/** Returns a promise with the function that resolves it. */
export function newGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Waits until the condition is true. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await scheduler.wait(1)
}

/** The number of these calls so far. */
export function count(calls: readonly string[], method: string): number {
  return calls.filter((call) => call === method).length
}

/** Sends so many requests at once. Returns their statuses and what they said. */
export async function atOnce(
  browser: Browser,
  number: number,
): Promise<{ readonly status: number; readonly body: unknown }[]> {
  return Promise.all(
    Array.from({ length: number }, async () => {
      const response = await browser.fetch('/')
      return { status: response.status, body: await response.json() }
    }),
  )
}
