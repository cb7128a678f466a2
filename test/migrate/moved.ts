import type { Adopted } from '../../src/adopt.ts'
import { adopting } from '../../src/adopt.ts'
import type { Adoption } from '../../src/migrate/adoption.ts'
import { type App, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

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

/** Returns name and value of a Set-Cookie header. */
function pairOf(setCookie: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
  return [name, value]
}

/** Returns the Cookie header that a browser makes of Set-Cookie headers. */
export function cookieHeader(setCookies: readonly string[]): string {
  return setCookies.map((setCookie) => pairOf(setCookie).join('=')).join('; ')
}

/** Returns the text with the character at this place replaced by another one of the same kind. Counts from the end if negative. */
export function forgedAt(text: string, place: number): string {
  const at = place < 0 ? text.length + place : place
  const other = text[at] === 'A' ? 'B' : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}
