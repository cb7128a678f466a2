import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { dataCookie, type DataCookieOptions } from './data-cookie.ts'
import { decodedCookie } from './decoded-cookie.ts'
import { type ExpressSecrets, unsign } from './express.ts'
import { textOf } from './mac-key.ts'
import { bytesOfPaddedBase64 } from './one-spelling.ts'

/**
 * Returns what `createCookie(name, { secrets }).parse(header)` of React Router and Remix returns for a signed cookie: its
 * value, of JSON. `undefined` where there is no such cookie, it is empty, or none of the secrets has signed it; so always
 * without secrets. The signature has one spelling.
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
  /** What was set, as `session.data` has it, without messages. */
  readonly data: Data
  /** The messages of `session.flash` that have not been read, by their names. */
  readonly flash: Readonly<Record<string, unknown>>
}

/** A session that is stored by its id. */
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
 * Returns an adoption of the cookie of `createCookieSessionStorage`, for `adopting`. `load` is given data and messages. No
 * time is signed: see `identity` if a user's browsers can have the same data. Throws `ERR_OPTION` for an invalid cookie.
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
   * Returns the record of a session, as the storage's own `readData`: of Workers KV `env.SESSION_KV.get(id, 'json')`.
   * Anything but an object is no session. What it throws counts as a failure of the store.
   */
  readonly readData: (id: string, env: Env) => unknown
  /**
   * What the new session begins with; `undefined` leaves visitor and cookie as they are. It may be asked several times for
   * one cookie, so let it change nothing. The type of the data is not checked.
   */
  readonly load: (
    session: StoredRouterSession<Data>,
    env: Env,
  ) => Loaded | undefined | Promise<Loaded | undefined>
}

/**
 * Returns an adoption of a session that `createSessionStorage` stores by its id, as `createWorkersKVSessionStorage` does,
 * for `adopting`. Throws `ERR_OPTION` for an invalid cookie.
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

/** Returns the value of a cookie's text, and what of it was signed; `undefined` if none of the secrets has signed it. */
async function verified(
  text: string,
  secrets: ExpressSecrets,
): Promise<{ readonly value: unknown; readonly signed: string } | undefined> {
  // It is signed as a cookie of Express: React Router's lib/server-runtime/crypto.ts.
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

/** Returns data and messages of a record, which has both under their names; `undefined` for anything but an object. */
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
