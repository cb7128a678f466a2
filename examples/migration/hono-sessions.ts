// #region read
interface OldSession {
  readonly userId?: string
  readonly cart?: readonly string[]
}

interface Stored {
  readonly _data: Readonly<Record<string, { readonly value: unknown }>>
  readonly _expire: string | null
}

interface OldLibrary {
  /** `decrypt` of hono-sessions, with its `encryptionKey`. */
  readonly decrypt: (value: string) => Promise<unknown>
  /** `getSessionById` of your own store. */
  readonly load: (id: string) => Promise<Stored | null | undefined>
}

/** What hono-sessions has for a request. Its cookie holds the id of a record, encrypted. */
export async function readHonoSession(
  request: Request,
  { decrypt, load }: OldLibrary,
): Promise<OldSession | undefined> {
  const header = request.headers.get('Cookie') ?? ''
  const [, value = ''] = /(?:^|; )session=([\w.*-]+)/.exec(header) ?? []
  const id = await decrypt(value).catch(() => undefined)
  const stored = typeof id === 'string' ? await load(id) : undefined
  if (stored == null) return undefined
  const { _data: data, _expire: expires } = stored
  if (expires !== null && Date.parse(expires) <= Date.now()) return undefined
  // What your application has put there.
  return { userId: data['userId']?.value, cart: data['cart']?.value } as OldSession
}
// #endregion read
