import { type Adoption, type FromEnv, fromEnv } from './adoption.ts'
import { chunksOf, wholeCookie } from './chunked-cookie.ts'
import { dataCookie, type DataCookieOptions } from './data-cookie.ts'
import { unseal, type Unsealed } from './seal.ts'

/** iron-session's option `password`: one, or several by id. */
export type IronPassword = string | Readonly<Record<number, string>>

export interface UnsealOptions {
  readonly password: IronPassword
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

/** The maximum number of parts that iron-session 9 splits a session into. */
const MAX_CHUNKS = 4

/**
 * Returns the same as `unsealData` of iron-session 8 and 9: the session's data. Returns `undefined` where that returns
 * an empty object, because the seal is expired, forged, or made with another password. Throws `ERR_SECRET` for an empty
 * password.
 */
export async function unsealData(
  seal: string,
  options: UnsealOptions,
): Promise<object | undefined> {
  const { password, now = Date.now() / 1000 } = options
  return (await unsealed(seal, password, now))?.data
}

/**
 * Returns the seal from a Cookie header as iron-session finds it: the cookie with this name, or else its parts `name.0`
 * to `name.3`, up to the first that is missing. Returns `undefined` if there is none.
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
 * Returns an adoption for sessions of iron-session 8 or 9, for `adopting`. `name` is its `cookieName`, and `load` gets
 * the session's data. Every `save` makes a new seal, and each counts as a cookie of its own. Throws `ERR_OPTION` for an
 * invalid cookie name or attribute.
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
  // The iron-session version after the seal is not signed.
  const [seal = ''] = text.split('~', 1)
  return unseal(seal, {
    passwordsFor: (id) =>
      /^\d+$/.test(id) && Object.hasOwn(passwords, id) ? [passwords[Number(id)] ?? ''] : [],
    iterations: [1],
    now,
  })
}
