import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { decodedCookie } from './decoded-cookie.ts'
import { type ExpressSecrets, unsign } from './express.ts'

/**
 * Returns the value of a signed cookie's text, after percent-decoding, as `parseSigned` of hono 4 reads it
 * (src/utils/cookie.ts): what is before the last dot, if behind it is its HMAC-SHA-256 in padded base64, by one of the
 * secrets. `undefined` for anything else. The signature has one spelling. Throws `ERR_SECRET` without a secret.
 */
export async function unsigned(text: string, secrets: ExpressSecrets): Promise<string | undefined> {
  // That of cookie-signature, which Express has, ends before the padding.
  return text.endsWith('=') ? unsign(text.slice(0, -1), secrets) : undefined
}

/**
 * Returns what Hono's `getSignedCookie(c, secret, name)` returns for a Cookie header: the value, or `undefined` where it
 * returns `undefined` or `false`. `name` has its prefix in it, such as `__Host-user`.
 */
export async function signedCookie(
  header: string,
  name: string,
  secrets: ExpressSecrets,
): Promise<string | undefined> {
  const text = decodedCookie(header, name)
  return text === undefined ? undefined : unsigned(text, secrets)
}

export interface HonoCookieOptions<Env, Loaded> extends AdoptionOptions<Env, Loaded> {
  /** What `setSignedCookie` was given as the secret, if that was a text; or all that may have signed. */
  readonly secrets: FromEnv<Env, ExpressSecrets>
  /**
   * Returns what tells this cookie from every other one, from its value. Default: the value itself. Hono signs no time, so
   * all browsers of a user have the same cookie if its value is the user's id.
   */
  readonly identity?: (value: string) => string
}

/**
 * Returns an adoption of a cookie that Hono's `setSignedCookie` has set, for `adopting`. `load` is given its value. `name` has
 * its prefix in it. Throws `ERR_OPTION` for an invalid cookie.
 */
export function honoCookie<Env, Loaded>({
  name,
  secrets,
  identity = (value) => value,
  ...rest
}: HonoCookieOptions<Env, Loaded>): Adoption<Env, Loaded> {
  return adoption({
    ...rest,
    name,
    find: (header) => decodedCookie(header, name),
    verify: async (text, env) => {
      const value = await unsigned(text, fromEnv(secrets, env))
      return value === undefined ? undefined : { value, identity: identity(value) }
    },
  })
}
