import type { CookieAttributes } from '../codec/cookie.ts'

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

/**
 * How the sessions of an old application are taken over: which cookie it set, how to tell a genuine one, and what its
 * visitor had. `tornadoCookie` and `expressCookie` give one; an application's own reader is an object of this type.
 */
export interface Adoption<Env, Loaded> {
  readonly cookieName: string
  /** The cookie's text in a Cookie header, as the old application read it. Default: the first of this name. */
  readonly find?: (header: string) => string | undefined
  /** What a genuine cookie says; `undefined` for any other. `now` is in seconds since 1970. */
  readonly verify: (
    text: string,
    env: Env,
    now: number,
  ) => OldCookie | undefined | Promise<OldCookie | undefined>
  /**
   * What the new session begins with; `undefined` leaves visitor and cookie as they are. It may be asked several times for one
   * cookie, so let it change nothing. What it throws counts as a failure of the store.
   */
  readonly load: (value: string, env: Env) => Loaded | undefined | Promise<Loaded | undefined>
  /**
   * Seconds for which it is remembered that the cookie has had its session, at least as long as `verify` takes it for
   * genuine. Default 400 days, the longest that a browser keeps a cookie (RFC 6265bis section 5.5).
   */
  readonly rememberSeconds?: number
  /** The path, the domain and what else the old cookie was set with, so that it can be cleared. Default `Path=/`. */
  readonly clear?: ClearAttributes
}

export type ClearAttributes = Partial<
  Pick<CookieAttributes, 'path' | 'domain' | 'secure' | 'sameSite' | 'partitioned'>
>

/** What the factories of adoptions share. */
export interface AdoptionOptions<Env, Loaded> extends Pick<
  Adoption<Env, Loaded>,
  'load' | 'clear' | 'rememberSeconds'
> {
  /** The old cookie's name. */
  readonly name: string
}

/** An option that may depend on `env`. */
export type FromEnv<Env, T> = T | ((env: Env) => T)

/** The option's value for this `env`. */
export function fromEnv<Env, T extends string | object>(option: FromEnv<Env, T>, env: Env): T {
  return typeof option === 'function' ? (option as (env: Env) => T)(env) : option
}
