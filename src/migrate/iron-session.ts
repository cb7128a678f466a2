import { type Adoption, type FromEnv, fromEnv } from './adoption.ts'
import { chunksOf, wholeCookie } from './chunked-cookie.ts'
import { dataCookie, type DataCookieOptions } from './data-cookie.ts'
import { unseal, type Unsealed } from './seal.ts'

/** iron-session's option `password`: one, or several by their ids. */
export type IronPassword = string | Readonly<Record<number, string>>

export interface UnsealOptions {
  readonly password: IronPassword
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

/** What iron-session 9 splits a session over. */
const MAX_CHUNKS = 4

/**
 * Returns what `unsealData` of iron-session 8 and 9 returns: the session's data. `undefined` where it returns an empty
 * object, because the seal is expired, forged, or by another password. Throws `ERR_SECRET` for an empty password.
 */
export async function unsealData(
  seal: string,
  options: UnsealOptions,
): Promise<object | undefined> {
  const { password, now = Date.now() / 1000 } = options
  return (await unsealed(seal, password, now))?.data
}

/**
 * Returns the seal in a Cookie header as iron-session finds it: the cookie of this name, or else its parts, `name.0` to
 * `name.3`, up to the first that is missing. `undefined` if there is none.
 */
export function sealOf(header: string, name: string): string | undefined {
  return wholeCookie(header, name, MAX_CHUNKS)
}

export interface IronSessionCookieOptions<Env, Data, Loaded> extends DataCookieOptions<
  Env,
  Data,
  Loaded
> {
  /** iron-session's `password`. */
  readonly password: FromEnv<Env, IronPassword>
}

/**
 * Returns an adoption of a session of iron-session 8 or 9, for `adopting`. `name` is its `cookieName`, and `load` is given
 * the session's data. Every `save` seals anew, and each seal is a cookie of its own. Throws `ERR_OPTION` for an invalid
 * cookie.
 */
export function ironSessionCookie<Env, Data, Loaded>({
  password,
  ...rest
}: IronSessionCookieOptions<Env, Data, Loaded>): Adoption<Env, Loaded> {
  const { name } = rest
  return dataCookie({
    ...rest,
    find: (header) => sealOf(header, name),
    companions: (header) => chunksOf(header, name, MAX_CHUNKS).map(([chunk]) => chunk),
    read: (text, env, now) => unsealed(text, fromEnv(password, env), now),
  })
}

function unsealed(
  text: string,
  password: IronPassword,
  now: number,
): Promise<Unsealed | undefined> {
  const passwords = typeof password === 'object' ? password : { 1: password }
  // What is behind the seal, iron-session's own version, is not signed.
  const [seal = ''] = text.split('~', 1)
  return unseal(seal, {
    passwordsFor: (id) =>
      /^\d+$/.test(id) && Object.hasOwn(passwords, id) ? [passwords[Number(id)] ?? ''] : [],
    iterations: [1],
    now,
  })
}
