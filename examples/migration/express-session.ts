import { AutoRouter } from 'itty-router'

import { sessions } from './sessions.ts'

// #region after
const { withSession } = sessions
export const router = AutoRouter()

router.post(
  '/login',
  withSession(async (request) => {
    const userId = await checkPassword(await request.formData())
    if (userId === undefined) return new Response('Wrong name or password', { status: 401 })
    await request.session.signIn(userId) // a new token; what was in the session stays
    return new Response(null, { status: 303, headers: { Location: '/' } })
  }),
)

router.post(
  '/cart/:item',
  withSession(({ session, params }) =>
    session.update('cart', (cart = []) => [...cart, params.item]),
  ),
)

router.post(
  '/logout',
  withSession(async ({ session }) => {
    await session.signOut() // clears the cookie, too
    return new Response(null, { status: 303, headers: { Location: '/' } })
  }),
)
// #endregion after

router.get(
  '/',
  withSession(async ({ session }) => ({
    cart: await session.get('cart'),
    userId: session.userId,
  })),
)

async function checkPassword(form: FormData): Promise<string | undefined> {
  const name = form.get('name')
  return typeof name === 'string' && form.get('password') === 'correct' ? name : undefined
}

/** Who an old session belongs to, and what is in it. */
export interface OldSession {
  readonly userId?: string
  readonly cart?: readonly string[]
}

interface Stored extends OldSession {
  readonly cookie: { readonly expires?: string | null }
}

const COOKIE = /(?:^|; )connect\.sid=s%3A([\w-]+)\.((?:\w|%2B|%2F)+)(?:$|;)/

/** What express-session has for a request: its cookie is `s:<id>.<HMAC-SHA-256 of the id>`, encoded. */
export async function readExpressSession(
  request: Request,
  secret: string,
  load: (id: string) => Promise<Stored | undefined>,
): Promise<OldSession | undefined> {
  const header = request.headers.get('Cookie') ?? ''
  const [, id = '', encoded = ''] = COOKIE.exec(header) ?? []
  const mac = encoded.replaceAll('%2B', '+').replaceAll('%2F', '/')
  if (!(await isSigned(id, mac, secret))) return undefined
  const stored = await load(id)
  const expires = stored?.cookie.expires ?? undefined
  return expires === undefined || Date.parse(expires) > Date.now() ? stored : undefined
}

async function isSigned(id: string, mac: string, secret: string): Promise<boolean> {
  if (!/^[\w+/]{43}$/.test(mac)) return false
  const bytes = Uint8Array.from(atob(mac), (character) => character.charCodeAt(0))
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const encoder = new TextEncoder()
  const raw = encoder.encode(secret)
  const key = await crypto.subtle.importKey('raw', raw, hmac, false, ['verify'])
  return crypto.subtle.verify('HMAC', key, bytes, encoder.encode(id))
}
