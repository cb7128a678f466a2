import { checkCookie, clearCookie, type CookieAttributes, readCookies } from '../codec/cookie.ts'
import { isDuration } from '../codec/duration.ts'
import { SessionError } from '../errors.ts'

/** The content of a genuine old cookie. */
export interface OldCookie {
  /** The argument for `load`: a user's id, a session's id, or any other value that the old application stored. */
  readonly value: string
  /**
   * Identifies this cookie, however it is spelled: the signed text with its time, or a session's random id. Each
   * identity becomes one session. Do not use a user's id: all browsers of the user would share one session.
   */
  readonly identity: string
}

/** An adoption that is complete for one `env`. */
export interface Takeover<Loaded> {
  readonly cookieName: string
  readonly find: (header: string) => string | undefined
  readonly verify: (text: string, now: number) => Promise<OldCookie | undefined>
  readonly load: (value: string) => Promise<Loaded | undefined>
  readonly rememberSeconds: number
  /** Returns the Set-Cookie values that clear the cookie, and those of this Cookie header that belong to it. */
  readonly cleared: (header: string) => readonly string[]
}

/** The argument of `adopting`. `adoption` and the factories of `edge-session/migrate/…` return one. */
export type Adoption<Env, Loaded> = (env: Env) => Takeover<Loaded>

/** The options that every adoption has. */
export interface AdoptionOptions<Env, Loaded> {
  /** The old cookie's name. */
  readonly name: string
  /**
   * Returns the content of the new session. If it returns `undefined`, the visitor and the cookie stay as they are. It
   * may be called several times for one cookie, so it must not change anything. If it throws, the store counts as
   * failed.
   */
  readonly load: (value: string, env: Env) => Loaded | undefined | Promise<Loaded | undefined>
  /**
   * Seconds for which the store remembers that the cookie has had its session, at least as long as the cookie stays
   * genuine. Must be finite and above 0. Default 400 days, the longest that a browser keeps a cookie (RFC 6265bis
   * section 5.5).
   */
  readonly rememberSeconds?: number
  /**
   * The path, the domain and the other attributes that the old cookie was set with, needed to clear it. Default
   * `Path=/`.
   */
  readonly clear?: ClearAttributes
}

export type ClearAttributes = Partial<
  Pick<CookieAttributes, 'path' | 'domain' | 'secure' | 'sameSite' | 'partitioned'>
>

/** Options for an old cookie that the application reads itself. */
export interface ReaderOptions<Env, Loaded> extends AdoptionOptions<Env, Loaded> {
  /**
   * Returns the cookie's text from a Cookie header, as the old application found it. Default: the first cookie with
   * this name.
   */
  readonly find?: (header: string) => string | undefined
  /**
   * Returns the names of the other cookies in the header that belong to this one and are cleared with it, such as its
   * signature or further parts. Default none.
   */
  readonly companions?: (header: string) => readonly string[]
  /** Returns the content of a genuine cookie, or `undefined` for any other. `now` is in seconds since 1970. */
  readonly verify: (
    text: string,
    env: Env,
    now: number,
  ) => OldCookie | undefined | Promise<OldCookie | undefined>
}

const REMEMBER_SECONDS = 400 * 86_400

/**
 * Returns an adoption that reads an old application's cookie with your own `verify`, for `adopting`. Throws
 * `ERR_OPTION` for an invalid cookie name or attribute, and for a time that is not a finite number above 0.
 */
export function adoption<Env, Loaded>({
  name,
  find = (header) => readCookies(header, name, true)[0],
  companions = () => [],
  verify,
  load,
  rememberSeconds = REMEMBER_SECONDS,
  clear,
}: ReaderOptions<Env, Loaded>): Adoption<Env, Loaded> {
  // Browsers accept a name with a prefix only from a Secure cookie.
  const cookie = { ...COOKIE, secure: /^__(host|http|secure)-/i.test(name), ...clear, name }
  checkCookie(cookie)
  // JSON turns other numbers into null: nothing would be remembered, and a replayed cookie would start another session.
  if (!isDuration(rememberSeconds)) {
    throw new SessionError(
      'ERR_OPTION',
      `The ${name} cookie's rememberSeconds is ${String(rememberSeconds)}. Write a finite number of seconds above 0, or of days as maxAgeDays.`,
    )
  }
  return (env) => ({
    cookieName: name,
    find,
    verify: async (text, now) =>
      (await verify(text, env, now)) ??
      // workerd joins two Cookie headers with a comma.
      (text.includes(',') ? verify(text.split(',', 1).join('').trim(), env, now) : undefined),
    load: async (value) => load(value, env),
    rememberSeconds,
    cleared: (header) =>
      [name, ...companions(header)].map((each) => clearCookie({ ...cookie, name: each })),
  })
}

const COOKIE: Omit<CookieAttributes, 'name' | 'secure'> = {
  path: '/',
  domain: undefined,
  sameSite: 'Lax',
  httpOnly: true,
  partitioned: false,
  persistent: false,
}

/** An option that may depend on `env`. */
export type FromEnv<Env, T> = T | ((env: Env) => T)

/** Returns the option's value for this `env`. */
export function fromEnv<Env, T extends string | object>(option: FromEnv<Env, T>, env: Env): T {
  return typeof option === 'function' ? (option as (env: Env) => T)(env) : option
}
