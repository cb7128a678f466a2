// #region after
import { sessionMiddleware } from 'edge-session/adapter/hono'
import { Hono } from 'hono'

import { type Env, sessions } from './sessions.ts'

export const app = new Hono<{ Bindings: Env }>()
  .use(sessionMiddleware(sessions))
  .post('/login', async (c) => {
    await c.var.session.signIn('ada') // a new token; the old one is dead
    c.var.session.flash('notice', 'Welcome')
    return c.redirect('/', 303)
  })
  .post('/cart/:item', async (c) => {
    const add = (cart: readonly string[] = []): string[] => [...cart, c.req.param('item')]
    return c.json(await c.var.session.update('cart', add))
  })
  .post('/logout', async (c) => {
    await c.var.session.signOut()
    return c.redirect('/', 303)
  })
  // #endregion after
  .get('/', async (c) => {
    const { cart } = await c.var.session.all()
    const { notice } = await c.var.session.flashes()
    return c.json({ userId: c.var.session.userId, cart, notice })
  })

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
