import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { decodedCookie } from './decoded-cookie.ts'
import { type ExpressSecrets, unsign } from './express.ts'

/**
 * Returns the value of a signed cookie's percent-decoded text, as `parseSigned` of hono 4 does (src/utils/cookie.ts):
 * the text before the last dot, if its HMAC-SHA-256 by one of the secrets follows in padded base64. Returns `undefined`
 * for anything else. Only one spelling of the signature is accepted. Throws `ERR_SECRET` without a secret.
 */
export async function unsigned(text: string, secrets: ExpressSecrets): Promise<string | undefined> {
  // Express's cookie-signature ends the signature before the padding.
  return text.endsWith('=') ? unsign(text.slice(0, -1), secrets) : undefined
}

/**
 * Returns the same as Hono's `getSignedCookie(c, secret, name)` for a Cookie header: the value, or `undefined` where
 * that returns `undefined` or `false`. `name` includes its prefix, such as `__Host-user`.
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
  /** The secret passed to `setSignedCookie`, if it was a text, or all secrets that may have signed. */
  readonly secrets: FromEnv<Env, ExpressSecrets>
  /**
   * Returns a text that identifies this cookie, from its value. Default: the value itself. Hono signs no time, so all
   * browsers of a user have the same cookie if its value is the user's id.
   */
  readonly identity?: (value: string) => string
}

/**
 * Returns an adoption for a cookie set by Hono's `setSignedCookie`, for `adopting`. `load` gets its value. `name`
 * includes its prefix. Throws `ERR_OPTION` for an invalid cookie name or attribute.
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
