import { checkCookie, clearCookie, type CookieAttributes, readCookies } from '../codec/cookie.ts'
import { isDuration } from '../codec/duration.ts'
import { SessionError } from '../errors.ts'

/** What a genuine old cookie says. */
export interface OldCookie {
  /** What `load` is given: a user's id, a session's id, or whatever the old application kept in it. */
  readonly value: string
  /**
   * What tells this cookie from any other, the same however it is spelled: the signed text with its time, or a session's
   * random id. One session comes of it. A user's id does not do: all the user's browsers would share a session.
   */
  readonly identity: string
}

/** A way to take over the sessions of an old application, for the option `adopt`; complete, for one `env`. */
export interface Takeover<Loaded> {
  readonly cookieName: string
  readonly find: (header: string) => string | undefined
  readonly verify: (text: string, now: number) => Promise<OldCookie | undefined>
  readonly load: (value: string) => Promise<Loaded | undefined>
  readonly rememberSeconds: number
  /** Returns the Set-Cookie values that clear the cookie, and those of this Cookie header that belong to it. */
  readonly cleared: (header: string) => readonly string[]
}

/** What `adopting` takes: `adoption` and the factories of `edge-session/migrate/…` return one. */
export type Adoption<Env, Loaded> = (env: Env) => Takeover<Loaded>

/** What every adoption is made of. */
export interface AdoptionOptions<Env, Loaded> {
  /** The old cookie's name. */
  readonly name: string
  /**
   * What the new session begins with; `undefined` leaves visitor and cookie as they are. It may be asked several times for one
   * cookie, so let it change nothing. What it throws counts as a failure of the store.
   */
  readonly load: (value: string, env: Env) => Loaded | undefined | Promise<Loaded | undefined>
  /**
   * Seconds for which it is remembered that the cookie has had its session: at least as long as it is genuine. Above 0 and
   * finite. Default 400 days, the longest that a browser keeps a cookie (RFC 6265bis section 5.5).
   */
  readonly rememberSeconds?: number
  /** The path, the domain and what else the old cookie was set with, so that it can be cleared. Default `Path=/`. */
  readonly clear?: ClearAttributes
}

export type ClearAttributes = Partial<
  Pick<CookieAttributes, 'path' | 'domain' | 'secure' | 'sameSite' | 'partitioned'>
>

/** How an application reads its old cookie itself. */
export interface ReaderOptions<Env, Loaded> extends AdoptionOptions<Env, Loaded> {
  /** The cookie's text in a Cookie header, as the old application found it. Default: the first of this name. */
  readonly find?: (header: string) => string | undefined
  /**
   * Returns the names of the other cookies of a Cookie header that belong to it and are cleared with it, such as its
   * signature or its further parts. Default none.
   */
  readonly companions?: (header: string) => readonly string[]
  /** What a genuine cookie says; `undefined` for any other. `now` is in seconds since 1970. */
  readonly verify: (
    text: string,
    env: Env,
    now: number,
  ) => OldCookie | undefined | Promise<OldCookie | undefined>
}

const REMEMBER_SECONDS = 400 * 86_400

/**
 * Returns an adoption that takes over the visitors of an old application by a reader of your own. Throws `ERR_OPTION` for
 * an invalid cookie, or a time that is not a finite number above 0.
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
  // A browser accepts a name with a prefix only from a Secure cookie.
  const cookie = { ...COOKIE, secure: /^__(host|http|secure)-/i.test(name), ...clear, name }
  checkCookie(cookie)
  // JSON turns other numbers into null: nothing would be remembered, and a replayed cookie would begin a session.
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
      // workerd joins two Cookie headers by a comma.
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

/** The option's value for this `env`. */
export function fromEnv<Env, T extends string | object>(option: FromEnv<Env, T>, env: Env): T {
  return typeof option === 'function' ? (option as (env: Env) => T)(env) : option
}
