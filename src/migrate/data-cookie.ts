import { type Adoption, adoption, type AdoptionOptions, type ReaderOptions } from './adoption.ts'

/** Options for adopting a cookie that contains a session's data. */
export interface DataCookieOptions<Env, Data, Loaded> extends Omit<
  AdoptionOptions<Env, Loaded>,
  'load'
> {
  /**
   * Returns the content of the new session, from the old session's data. If it returns `undefined`, the visitor and the
   * cookie stay as they are. It may be called several times for one cookie, so it must not change anything. If it
   * throws, the store counts as failed. The data's type is not checked: it is what the old application wrote.
   */
  readonly load: (data: Data, env: Env) => Loaded | undefined | Promise<Loaded | undefined>
  /**
   * Returns a text that identifies this cookie, from its data. By default, and if it returns `undefined`, that is the
   * signed or encrypted text.
   */
  readonly identity?: (data: Data) => string | undefined
}

/** The content of a genuine cookie. */
export interface GenuineData {
  /** A JSON value. */
  readonly data: unknown
  /** The signed text, or another text that identifies the cookie. */
  readonly signed: string
}

/** The functions that find and verify the cookie. */
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

/** Returns an adoption of a cookie that contains a session's data. Throws `ERR_OPTION` as `adoption` does. */
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

/** Returns the object in a JSON text, or `undefined` for any other value and for invalid JSON. */
export function objectOfJson(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
