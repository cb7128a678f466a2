import { type Adoption, adoption, type AdoptionOptions, type ReaderOptions } from './adoption.ts'

/** Options for the adoption of a cookie that has a session's data in it. */
export interface DataCookieOptions<Env, Data, Loaded> extends Omit<
  AdoptionOptions<Env, Loaded>,
  'load'
> {
  /**
   * What the new session begins with, from the old one's data; `undefined` leaves visitor and cookie as they are. It may be
   * asked several times for one cookie, so let it change nothing. What it throws counts as a failure of the store. The
   * data is what the old application has written: its type is not checked.
   */
  readonly load: (data: Data, env: Env) => Loaded | undefined | Promise<Loaded | undefined>
  /**
   * Returns what tells this cookie from every other one, from its data. By default, and where it returns `undefined`: the
   * text that was signed or encrypted.
   */
  readonly identity?: (data: Data) => string | undefined
}

/** What a genuine cookie has in it. */
export interface GenuineData {
  /** A value of JSON. */
  readonly data: unknown
  /** What was signed, or what else tells the cookie from any other. */
  readonly signed: string
}

/** What reads the cookie. */
interface DataReader<Env, Data, Loaded>
  extends
    DataCookieOptions<Env, Data, Loaded>,
    Pick<ReaderOptions<Env, Loaded>, 'find' | 'companions'> {
  readonly read: (
    text: string,
    env: Env,
    now: number,
  ) => GenuineData | undefined | Promise<GenuineData | undefined>
}

/** Returns an adoption of a cookie that has a session's data in it. Throws `ERR_OPTION` as `adoption` does. */
export function dataCookie<Env, Data, Loaded>({
  read,
  load,
  identity,
  ...rest
}: DataReader<Env, Data, Loaded>): Adoption<Env, Loaded> {
  return adoption({
    ...rest,
    verify: async (text, env, now) => {
      const found = await read(text, env, now)
      if (found === undefined) return undefined
      const { data, signed } = found
      return { value: JSON.stringify(data), identity: identity?.(data as Data) ?? signed }
    },
    load: (value, env) => load(JSON.parse(value) as Data, env),
  })
}

/** Returns the object that JSON text stands for; `undefined` for any other value, and for a text that is not JSON. */
export function objectOfJson(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
