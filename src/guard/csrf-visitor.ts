import {
  clearCookie,
  type CookieAttributes,
  readCookies,
  sameSiteOf,
  serializeCookie,
} from '../codec/cookie.ts'
import type { Keyring } from '../codec/keyring.ts'
import { sign, verify } from '../codec/mac.ts'
import { newRandomText } from '../codec/random.ts'
import type { requestSessionOf } from '../request/lifecycle.ts'

/** The inner session of a request. */
export type RequestSession = ReturnType<typeof requestSessionOf>

/** True if the visitor came with a session or has begun one, as far as this request knows. */
export function hasSession({ state }: RequestSession): boolean {
  return state.token !== undefined && state.is !== 'ended' && state.is !== 'destroyed'
}

/** The ids of new visitors, so that all forms of one page have the same one. */
const newIds = new WeakMap<RequestSession, Promise<string>>()

/**
 * Returns the id of a visitor without a session, from its own cookie, so that a CSRF token can be bound to it (OWASP:
 * signed double-submit cookie). Without a valid one, the response sets it, unless a session begins in this request.
 */
export async function visitorFor(session: RequestSession): Promise<string> {
  const [known] = await visitorsOf(session)
  if (known !== undefined) return known
  const made = newIds.get(session) ?? newVisitor(session)
  newIds.set(session, made)
  return made
}

/** Returns the request's valid ids, usually one or none. */
export async function visitorsOf(session: RequestSession): Promise<string[]> {
  const { keyring, settings } = session
  const valid = valuesOf(session).map(async (value) => {
    const [id = '', mac = ''] = value.split('.', 2)
    return (await isSigned(keyring, mac, signedText(settings.cookie.name, id))) ? [id] : []
  })
  return (await Promise.all(valid)).flat()
}

async function newVisitor(session: RequestSession): Promise<string> {
  const { headers, keyring, settings } = session
  const id = newRandomText()
  const mac = await sign(await keyring[0].keyFor('csrf'), signedText(settings.cookie.name, id))
  const setting = serializeCookie(cookieOf(session), `${id}.${mac}`, 0)
  headers.push(['Set-Cookie', setting, () => !hasSession(session)])
  return id
}

/** Clears the id of the request in the response, if the visitor has a session by then. */
export function forgetVisitor(session: RequestSession): void {
  if (valuesOf(session).length === 0) return
  const isLive = (): boolean => session.state.is === 'live'
  session.headers.push(['Set-Cookie', clearCookie(cookieOf(session)), isLive])
}

/** True if one of the keys made the MAC. Keys of older secrets are valid too. */
export async function isSigned(keyring: Keyring, mac: string, text: string): Promise<boolean> {
  const verdicts = keyring.map(async ({ keyFor }) => verify(await keyFor('csrf'), mac, text))
  return (await Promise.all(verdicts)).includes(true)
}

function valuesOf(session: RequestSession): string[] {
  return readCookies(session.request.headers.get('cookie'), cookieOf(session).name)
}

/** Returns the text that is signed for an id. No subject of a token begins with it. */
function signedText(cookieName: string, id: string): string {
  return `csrf-visitor ${cookieName} ${id}`
}

/**
 * The cookie of an id. With `__Host-`, no subdomain can write it, even if the session's cookie has a domain. It is Lax
 * even if the session's is Strict, so that a link from another site does not replace the id of an open form.
 */
function cookieOf({ settings: { cookie } }: RequestSession): CookieAttributes {
  const base = cookie.name.replace(/^__(?:host-http|host|http|secure)-/i, '')
  return {
    ...cookie,
    name: `${cookie.secure ? '__Host-' : ''}${base}-csrf`,
    path: '/',
    domain: undefined,
    sameSite: sameSiteOf(cookie.sameSite) === 'None' ? 'None' : 'Lax',
    httpOnly: true,
    persistent: false,
  }
}
