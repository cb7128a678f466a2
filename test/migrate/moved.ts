import type { Adopted } from '../../src/adopt.ts'
import { adopting } from '../../src/adopt.ts'
import type { Adoption } from '../../src/migrate/adoption.ts'
import { type App, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { pairOf } from './moved-cookies.ts'

/** An application that takes over the visitors of these old cookies, and shows each what its session holds. */
export function newMovedApp(
  ...adoptions: readonly Adoption<unknown, Adopted<Record<string, unknown>>>[]
): App {
  const app = newApp({ use: [adopting(...adoptions)] })
  app.handler = async (session) => ({ data: await session.all(), flash: await session.flashes() })
  return app
}

/** A browser of this application to which an old one has sent these Set-Cookie headers. */
export function visitorWith(app: App, setCookies: readonly string[]): Browser {
  const browser = app.browser()
  for (const [name, value] of setCookies.map(pairOf)) browser.cookies.set(name, value)
  return browser
}
