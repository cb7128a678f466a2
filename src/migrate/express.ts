import { readCookies } from '../codec/cookie.ts'
import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { bytesOf, macKey, verifiesAny } from './mac-key.ts'
import { bytesOfBase64 } from './one-spelling.ts'

/** One secret, or several if any of them may have signed. */
export type ExpressSecrets = string | readonly string[]

/**
 * Returns the same as cookie-signature's `unsign`: the value before the last dot if one of the secrets signed it,
 * otherwise `undefined`. Only one spelling of the signature is accepted: base64 without padding. Throws `ERR_SECRET`
 * without a secret.
 */
export async function unsign(signed: string, secrets: ExpressSecrets): Promise<string | undefined> {
  const list = typeof secrets === 'object' ? secrets : [secrets]
  const keys = await Promise.all(list.map((secret) => macKey('SHA-256', secret)))
  const dot = signed.lastIndexOf('.')
  const mac = bytesOfBase64(signed.slice(dot + 1))
  if (dot < 0 || mac === undefined || !signed.isWellFormed()) return undefined
  const value = signed.slice(0, dot)
  return (await verifiesAny(keys, mac, bytesOf(value))) ? value : undefined
}

/**
 * Returns the same as cookie-parser's `signedCookie` for a cookie's percent-decoded text: the value of a signed one
 * (`s:` and a text that `unsign` accepts), or `undefined` if the signature is wrong. **As in cookie-parser, a text that
 * does not begin with `s:` is returned unchanged and unverified**, so anyone can have written it. Use `signedValue` for
 * a value that you trust.
 */
export async function signedCookie(
  text: string,
  secrets: ExpressSecrets,
): Promise<string | undefined> {
  return text.startsWith('s:') ? unsign(text.slice(2), secrets) : text
}

/** Returns the same as cookie-parser's `JSONCookie`: the parsed JSON after `j:`, or `undefined` for anything else. */
export function JSONCookie(text: string): unknown {
  if (!text.startsWith('j:')) return undefined
  try {
    return JSON.parse(text.slice(2)) as unknown
  } catch {
    return undefined
  }
}

/**
 * Returns the cookie's text from a Cookie header as Express reads it (the package `cookie`): the first cookie with this
 * name, without quotes, percent-decoded if possible. Returns `undefined` if there is none.
 */
export function cookieText(header: string, name: string): string | undefined {
  const [text] = readCookies(header, name, true)
  if (text === undefined) return undefined
  const bare = /^".*"$/.test(text) ? text.slice(1, -1) : text
  try {
    return decodeURIComponent(bare)
  } catch {
    return bare
  }
}

/**
 * Returns the value of a signed cookie from a Cookie header, which is the session's id for express-session's
 * `connect.sid`. Returns `undefined` if there is no such cookie, or none of these secrets signed it.
 */
export async function signedValue(
  header: string,
  name: string,
  secrets: ExpressSecrets,
): Promise<string | undefined> {
  const text = cookieText(header, name)
  if (text?.startsWith('s:') !== true) return undefined
  const value = await unsign(text.slice(2), secrets)
  // workerd joins two Cookie headers with a comma.
  return value ?? unsign(text.slice(2).split(',', 1).join('').trim(), secrets)
}

export interface ExpressCookieOptions<Env, Loaded> extends AdoptionOptions<Env, Loaded> {
  /** The `secret` of express-session or cookie-parser. */
  readonly secrets: FromEnv<Env, ExpressSecrets>
}

/**
 * Returns an adoption for visitors of an Express application who have this signed cookie, for `adopting`. `load` gets
 * the session's id, and reads the old store with it. Throws `ERR_OPTION` for an invalid cookie name or attribute.
 */
export function expressCookie<Env, Loaded>({
  name,
  secrets,
  ...rest
}: ExpressCookieOptions<Env, Loaded>): Adoption<Env, Loaded> {
  return adoption({
    ...rest,
    name,
    find: (header) => cookieText(header, name),
    verify: async (text, env) => {
      if (!text.startsWith('s:')) return undefined
      const value = await unsign(text.slice(2), fromEnv(secrets, env))
      return value === undefined ? undefined : { value, identity: value }
    },
  })
}
