import { readCookies } from '../codec/cookie.ts'
import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { bytesOf, macKey, verifiesAny } from './mac-key.ts'
import { bytesOfBase64 } from './one-spelling.ts'

/** One secret, or several of which any may have signed. */
export type ExpressSecrets = string | readonly string[]

/**
 * What cookie-signature's `unsign` gives: the value before the last dot, if one of the secrets has signed it; `undefined`
 * otherwise. The signature has one spelling: base64 without padding. Throws `ERR_SECRET` without a secret.
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
 * What cookie-parser's `signedCookie` gives for a cookie's text, after percent-decoding: the value of a signed one (`s:` and
 * what `unsign` takes), or `undefined` where the signature is wrong. **As there, a text that does not begin with `s:` is
 * given as it is, unsigned**, so that anybody can have written it: for a value to be trusted take `signedValue`.
 */
export async function signedCookie(
  text: string,
  secrets: ExpressSecrets,
): Promise<string | undefined> {
  return text.startsWith('s:') ? unsign(text.slice(2), secrets) : text
}

/** What cookie-parser's `JSONCookie` gives: what stands behind `j:`, parsed; `undefined` for anything else. */
export function JSONCookie(text: string): unknown {
  if (!text.startsWith('j:')) return undefined
  try {
    return JSON.parse(text.slice(2)) as unknown
  } catch {
    return undefined
  }
}

/**
 * The cookie's text in a Cookie header as Express reads it (the package `cookie`): the first of the name, without quotes,
 * percent-decoded where that can be done. `undefined` where there is none.
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
 * The value of a signed cookie in a Cookie header; of express-session's `connect.sid` that is the session's id. `undefined`
 * where there is none, or it is not signed by one of these secrets.
 */
export async function signedValue(
  header: string,
  name: string,
  secrets: ExpressSecrets,
): Promise<string | undefined> {
  const text = cookieText(header, name)
  if (text?.startsWith('s:') !== true) return undefined
  const value = await unsign(text.slice(2), secrets)
  // workerd joins two Cookie headers by a comma.
  return value ?? unsign(text.slice(2).split(',', 1).join('').trim(), secrets)
}

export interface ExpressCookieOptions<Env, Loaded> extends AdoptionOptions<Env, Loaded> {
  /** What express-session, or cookie-parser, was given as `secret`. */
  readonly secrets: FromEnv<Env, ExpressSecrets>
}

/**
 * Takes over the visitors of an Express application who have this signed cookie, for the option `adopt`. `load` is given the
 * session's id, and asks the old store for what it has.
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
