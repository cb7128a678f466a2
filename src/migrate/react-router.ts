import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { dataCookie, type DataCookieOptions } from './data-cookie.ts'
import { decodedCookie } from './decoded-cookie.ts'
import { type ExpressSecrets, unsign } from './express.ts'
import { textOf } from './mac-key.ts'
import { bytesOfPaddedBase64 } from './one-spelling.ts'

/**
 * Returns the same as `createCookie(name, { secrets }).parse(header)` of React Router and Remix for a signed cookie:
 * its JSON value. Returns `undefined` if there is no such cookie, it is empty, or none of the secrets signed it.
 * Without secrets it always returns `undefined`. Only one spelling of the signature is accepted.
 */
export async function parseCookie(
  header: string,
  name: string,
  secrets: ExpressSecrets,
): Promise<unknown> {
  const text = decodedCookie(header, name)
  return text === undefined ? undefined : (await verified(text, secrets))?.value
}

/** A session of React Router or Remix. */
export interface RouterSession<Data> {
  /** The values that were set, as in `session.data`, without messages. */
  readonly data: Data
  /** The unread messages of `session.flash`, by name. */
  readonly flash: Readonly<Record<string, unknown>>
}

/** A session that the storage keeps by id. */
export interface StoredRouterSession<Data> extends RouterSession<Data> {
  readonly id: string
}

interface SecretsOption<Env> {
  /** The cookie's option `secrets`. */
  readonly secrets: FromEnv<Env, ExpressSecrets>
}

export interface RouterCookieOptions<Env, Data, Loaded>
  extends DataCookieOptions<Env, RouterSession<Data>, Loaded>, SecretsOption<Env> {}

/**
 * Returns an adoption for the cookie of `createCookieSessionStorage`, for `adopting`. `load` gets the data and
 * messages. The cookie has no signed time: set `identity` if several browsers of a user can have the same data. Throws
 * `ERR_OPTION` for an invalid cookie name or attribute.
 */
export function reactRouterCookie<Env, Data, Loaded>({
  secrets,
  ...rest
}: RouterCookieOptions<Env, Data, Loaded>): Adoption<Env, Loaded> {
  return dataCookie({
    ...rest,
    find: (header) => decodedCookie(header, rest.name),
    read: async (text, env) => {
      const found = await verified(text, fromEnv(secrets, env))
      const data = sessionOf(found?.value)
      return found && data && { data, signed: found.signed }
    },
  })
}

export interface RouterIdCookieOptions<Env, Data, Loaded>
  extends Omit<AdoptionOptions<Env, Loaded>, 'load'>, SecretsOption<Env> {
  /**
   * Returns a session's record, as the storage's own `readData` does. For Workers KV: `env.SESSION_KV.get(id, 'json')`.
   * Anything but an object means that there is no session. If it throws, the store counts as failed.
   */
  readonly readData: (id: string, env: Env) => unknown
  /**
   * Returns the content of the new session. If it returns `undefined`, the visitor and the cookie stay as they are. It
   * may be called several times for one cookie, so it must not change anything. The data's type is not checked.
   */
  readonly load: (
    session: StoredRouterSession<Data>,
    env: Env,
  ) => Loaded | undefined | Promise<Loaded | undefined>
}

/**
 * Returns an adoption for sessions that `createSessionStorage` keeps by id, as `createWorkersKVSessionStorage` does,
 * for `adopting`. Throws `ERR_OPTION` for an invalid cookie name or attribute.
 */
export function reactRouterIdCookie<Env, Data, Loaded>({
  name,
  secrets,
  readData,
  load,
  ...rest
}: RouterIdCookieOptions<Env, Data, Loaded>): Adoption<Env, Loaded> {
  return adoption({
    ...rest,
    name,
    find: (header) => decodedCookie(header, name),
    verify: async (text, env) => {
      const id = (await verified(text, fromEnv(secrets, env)))?.value
      return typeof id === 'string' && id !== '' ? { value: id, identity: id } : undefined
    },
    load: async (id, env) => {
      const session = sessionOf(await readData(id, env))
      return session && load({ ...(session as RouterSession<Data>), id }, env)
    },
  })
}

/**
 * Returns a cookie's value and the part of its text that was signed, or `undefined` if none of the secrets signed it.
 */
async function verified(
  text: string,
  secrets: ExpressSecrets,
): Promise<{ readonly value: unknown; readonly signed: string } | undefined> {
  // Signed like an Express cookie: lib/server-runtime/crypto.ts in React Router.
  const signed = await unsign(text, secrets)
  const bytes = signed === undefined ? undefined : bytesOfPaddedBase64(signed)
  const json = bytes && textOf(bytes)
  if (signed === undefined || json === undefined) return undefined
  try {
    return { value: JSON.parse(json), signed }
  } catch {
    return undefined
  }
}

/** Returns the data and messages of a record, or `undefined` if it is not an object. */
function sessionOf(record: unknown): RouterSession<unknown> | undefined {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined
  const entries: [name: string, value: unknown][] = Object.entries(record)
  const data = entries.filter(([name]) => !FLASH.test(name))
  const flash = entries.flatMap(([name, value]) => {
    const own = FLASH.exec(name)?.[1]
    return own === undefined ? [] : [[own, value] as const]
  })
  return { data: Object.fromEntries(data), flash: Object.fromEntries(flash) }
}

const FLASH = /^__flash_([^]*)__$/
