import { readCookies } from '../codec/cookie.ts'
import { type Adoption, type FromEnv, fromEnv } from './adoption.ts'
import { dataCookie, type DataCookieOptions, objectOfJson } from './data-cookie.ts'
import { bytesOf, type Hash, macKey, textOf, verifiesAny } from './mac-key.ts'
import { bytesOfBase64url, bytesOfPaddedBase64 } from './one-spelling.ts'
import type { Secrets } from './signed-text.ts'

export interface KeygripOptions {
  /** Keygrip's `keys`: one, or several if any of them may have signed. */
  readonly keys: Secrets
  /** The hash of Keygrip's HMAC. Default SHA-1, as in Keygrip. */
  readonly digest?: Hash
}

/**
 * Returns the value of a cookie that Keygrip signed, from a Cookie header, as the package `cookies` does in Koa and
 * cookie-session: the first cookie with this name, without quotes, if the cookie `name.sig` is its signature by one of
 * the keys. Returns `undefined` for anything else. Only one spelling of the signature is accepted: base64url without
 * padding. Throws `ERR_SECRET` without a key.
 */
export async function signedCookie(
  header: string,
  name: string,
  options: KeygripOptions,
): Promise<string | undefined> {
  const [text, signature] = [textOfCookie(header, name), textOfCookie(header, `${name}.sig`)]
  if (text === undefined || signature === undefined) return undefined
  return verified(name, { text, signature }, options)
}

/**
 * Returns the data of a cookie-session 2 session from a Cookie header: base64 JSON, signed by Keygrip. Returns
 * `undefined` where cookie-session would start a new session.
 */
export async function loadSession(
  header: string,
  name: string,
  options: KeygripOptions,
): Promise<object | undefined> {
  const text = await signedCookie(header, name, options)
  return text === undefined ? undefined : dataOf(text)
}

export interface CookieSessionOptions<Env, Data, Loaded>
  extends DataCookieOptions<Env, Data, Loaded>, Pick<KeygripOptions, 'digest'> {
  /** cookie-session's `keys`, or its `secret`. */
  readonly keys: FromEnv<Env, Secrets>
}

/**
 * Returns an adoption for sessions of cookie-session 2, for `adopting`. `name` is the cookie's name, by default
 * `session` in cookie-session. `load` gets the data. The cookie has no signed time: set `identity` if several browsers
 * of a user can have the same data. Throws `ERR_OPTION` for an invalid cookie name or attribute.
 */
export function cookieSessionCookie<Env, Data, Loaded>({
  keys,
  digest = 'SHA-1',
  ...rest
}: CookieSessionOptions<Env, Data, Loaded>): Adoption<Env, Loaded> {
  const { name } = rest
  return dataCookie({
    ...rest,
    find: (header) => {
      const text = textOfCookie(header, name)
      // Cookies cannot contain a semicolon.
      return text === undefined ? undefined : `${text};${textOfCookie(header, `${name}.sig`) ?? ''}`
    },
    companions: () => [`${name}.sig`],
    read: async (both, env) => {
      const [text = '', signature = ''] = both.split(';')
      const signed = await verified(name, { text, signature }, { keys: fromEnv(keys, env), digest })
      const data = signed === undefined ? undefined : dataOf(signed)
      return data && { data, signed: text }
    },
  })
}

/**
 * Returns the text of the first cookie with this name, without quotes. A comma ends it, since workerd joins two headers
 * with one.
 */
function textOfCookie(header: string, name: string): string | undefined {
  const [text] = readCookies(header, name)
  return text?.startsWith('"') === true ? text.slice(1, -1) : text
}

async function verified(
  name: string,
  { text, signature }: { readonly text: string; readonly signature: string },
  { keys, digest = 'SHA-1' }: KeygripOptions,
): Promise<string | undefined> {
  const list = typeof keys === 'object' ? keys : [keys]
  const macKeys = await Promise.all(list.map((key) => macKey(digest, key)))
  const mac = bytesOfBase64url(signature)
  const data = `${name}=${text}`
  if (mac === undefined || !data.isWellFormed()) return undefined
  return (await verifiesAny(macKeys, mac, bytesOf(data))) ? text : undefined
}

function dataOf(base64: string): object | undefined {
  const bytes = bytesOfPaddedBase64(base64)
  return bytes && objectOfJson(textOf(bytes))
}
