import { type Adoption, type FromEnv, fromEnv } from './adoption.ts'
import { dataCookie, type DataCookieOptions } from './data-cookie.ts'
import { decodedCookie } from './decoded-cookie.ts'
import { checkMaxAge } from './max-age.ts'
import { unseal } from './seal.ts'
import type { Secrets } from './signed-text.ts'

/** A session of h3's `useSession`. */
export interface H3Session<Data = Record<string, unknown>> {
  /** A random id, the same for the session's whole life. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly data: Data
}

/** The lifetimes passed to `useSession`, in seconds. If absent or 0, the session never expires. */
export interface H3Limits {
  readonly maxAge?: number | undefined
  /** Only in h3 2. */
  readonly idleTimeout?: number | undefined
}

export interface UnsealOptions extends H3Limits {
  /** The password, or all passwords that may have sealed the cookie. */
  readonly password: Secrets
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

/** PBKDF2's iterations in h3 1 (iron-webcrypto) and in h3 2. */
const ITERATIONS = [1, 8192]
/** The cookie's text if h3 2 splits a seal into `name.1`, `name.2` and so on. Their number follows. */
const CHUNKED = '__chunked__'
const MAX_CHUNKS = 100

/**
 * Returns the same as `unsealSession` of h3 1 and 2. Returns `undefined` where that throws, because the seal is
 * expired, forged, or made with another password, and for a session without an id. Throws `ERR_SECRET` for an empty
 * password, and `ERR_OPTION` for limits that are not numbers.
 */
export async function unsealSession(
  seal: string,
  { password, now = Date.now() / 1000, ...limits }: UnsealOptions,
): Promise<H3Session | undefined> {
  checkMaxAge(limits.maxAge)
  checkMaxAge(limits.idleTimeout)
  const passwords = typeof password === 'object' ? password : [password]
  // h3 seals without an id, and ignores one.
  const rules = { passwordsFor: () => passwords, iterations: ITERATIONS, now }
  const session: Partial<Stored> | undefined = (await unseal(seal, rules))?.data
  if (session === undefined || !isLive(session, limits, now)) return undefined
  const { id, createdAt = 0, data } = session
  if (typeof id !== 'string' || id === '') return undefined
  return { id, createdAt, data: { ...data } }
}

/**
 * Returns the seal from a Cookie header as h3 finds it: the cookie with this name, or its joined parts. Returns
 * `undefined` if there is none, or if a part is missing.
 */
export function sealOf(header: string, name: string): string | undefined {
  const main = decodedCookie(header, name)
  if (main?.startsWith(CHUNKED) !== true) return main
  const texts = chunksOf(header, name).map((chunk) => decodedCookie(header, chunk) ?? '')
  return texts.includes('') ? undefined : texts.join('')
}

export interface H3CookieOptions<Env, Data, Loaded>
  extends DataCookieOptions<Env, H3Session<Data>, Loaded>, H3Limits {
  /** The password of `useSession`, or all passwords that may have sealed the cookie. */
  readonly password: FromEnv<Env, Secrets>
}

/**
 * Returns an adoption for sessions of h3's `useSession`, as in Nitro and Nuxt, for `adopting`. `name` is the session's
 * name, by default `h3`. `load` gets the session. All cookies with the same session id count as one. Throws
 * `ERR_OPTION` for an invalid cookie name or attribute, and for limits that are not numbers.
 */
export function h3Cookie<Env, Data, Loaded>({
  password,
  maxAge,
  idleTimeout,
  ...rest
}: H3CookieOptions<Env, Data, Loaded>): Adoption<Env, Loaded> {
  checkMaxAge(maxAge)
  checkMaxAge(idleTimeout)
  const { name } = rest
  return dataCookie({
    ...rest,
    find: (header) => sealOf(header, name),
    companions: (header) => chunksOf(header, name),
    read: async (text, env, now) => {
      const options = { password: fromEnv(password, env), maxAge, idleTimeout, now }
      const data = await unsealSession(text, options)
      return data && { data, signed: data.id }
    },
  })
}

/** The content of an h3 seal. */
interface Stored extends H3Session {
  /** Milliseconds since 1970. Only from h3 2 with an idle timeout. */
  readonly lastSeenAt?: number
}

function isLive(
  { createdAt = -Infinity, lastSeenAt = createdAt }: Partial<Stored>,
  { maxAge, idleTimeout }: H3Limits,
  now: number,
): boolean {
  const isWithin = (time: number, seconds = 0): boolean =>
    // In h3, 0 means no limit.
    seconds === 0 || now * 1000 - time <= seconds * 1000
  return isWithin(createdAt, maxAge) && isWithin(lastSeenAt, idleTimeout)
}

/** Returns the names of the parts that the cookie counts. */
function chunksOf(header: string, name: string): string[] {
  const main = decodedCookie(header, name) ?? ''
  const count = main.startsWith(CHUNKED) ? Number(main.slice(CHUNKED.length)) : 0
  if (!Number.isInteger(count) || count < 1 || count > MAX_CHUNKS) return []
  return Array.from({ length: count }, (_, index) => `${name}.${index + 1}`)
}
