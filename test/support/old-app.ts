import { env } from 'cloudflare:workers'

import { type Adopted, adopting } from '../../src/adopt.ts'
import type { SessionEvent, SessionStore } from '../../src/index.ts'
import { createSignedValue, tornadoCookie } from '../../src/migrate/tornado.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppOptions, newApp } from './app.ts'
import type { Browser } from './browser.ts'

export const OLD_SECRET = 'what the old application signs with'

/** What an old cookie leads to in these tests. */
export type Loaded = Adopted<Record<string, unknown>>

let visitors = 0

/** An application that takes an old one's visitors over. */
export interface MovedApp extends App {
  /** The values that `load` was asked for, in order. */
  readonly loads: string[]
  /** What the next `load` gives. */
  load: (value: string) => Loaded | undefined | Promise<Loaded | undefined>
  /** A visitor with an old cookie, which says who it is: a name of its own for each test. */
  readonly visitor: (name?: string) => Promise<Browser>
  /** The types of the events so far, refusals with their reason. */
  readonly eventTypes: () => string[]
}

/** An application over this store that takes over the cookie `old` of a Tornado application. */
export function newMovedApp(store: SessionStore | undefined, options: AppOptions = {}): MovedApp {
  const loads: string[] = []
  const old = tornadoCookie<unknown, Loaded>({
    name: 'old',
    secret: OLD_SECRET,
    load: (value) => {
      loads.push(value)
      return moved.load(value)
    },
  })
  const app = newApp({ ...(store && { store }), use: [adopting(old)], ...options })
  const moved: MovedApp = Object.assign(app, {
    loads,
    load: (value: string): Loaded => ({ data: { name: value } }),
    visitor: async (name = `visitor ${crypto.randomUUID()}`) => {
      const browser = app.browser()
      // Signed at a time of its own, since tests share their storage; they take less than 1,000 seconds.
      visitors += 1
      const now = Math.floor(app.now / 1000) - visitors * 1000
      browser.cookies.set('old', await createSignedValue(OLD_SECRET, 'old', name, { now }))
      return browser
    },
    eventTypes: () => app.events.map(textOf),
  })
  return moved
}

function textOf(event: SessionEvent): string {
  return event.type === 'refused' ? `refused: ${event.reason}` : event.type
}

/** Every kind of store, by name. */
export const STORES: readonly (readonly [name: string, store: () => SessionStore])[] = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['KV', () => kvStore(env.SESSION_KV)],
  ['memory', () => memoryStore()],
]
