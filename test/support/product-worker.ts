import { AutoRouter, type IRequest } from 'itty-router'

import { accounts } from '../../src/accounts.ts'
import { csrfGuard } from '../../src/guard/csrf.ts'
import { nextPathOf } from '../../src/guard/next-path.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { createSessions, json, type RequestContext } from '../../src/index.ts'
import { renewing } from '../../src/renew.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'

export { SessionObject }

const shared = {
  data: json<Record<string, number>, { notice: string }>(),
  secrets: (env: Cloudflare.Env): [string] => [env.SESSION_SECRET],
  store: (env: Cloudflare.Env) => durableObjectStore(env.SESSIONS),
}
const { withSession } = createSessions({ ...shared, use: [accounts()] })
const embedded = createSessions({
  ...shared,
  cookie: { name: '__Host-embedded', sameSite: 'None', partitioned: true },
})
const renewed = createSessions({
  ...shared,
  cookie: { name: '__Host-renewed' },
  use: [accounts(), renewing({ everySeconds: 1, graceSeconds: 20 })],
})

const signedIn = requireUser({ loginUrl: '/login' })
const ownPages = csrfGuard()

function page(text: string): Response {
  return new Response(`<!doctype html><title>a page</title>${text}`, {
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
  })
}

function seeOther(request: Request, path: string): Response {
  return Response.redirect(new URL(path, request.url).href, 303)
}

const router = AutoRouter<IRequest, [Cloudflare.Env, RequestContext]>()

/** The pages and calls that real browsers go through. */
router
  .get(
    '/account',
    withSession(
      signedIn(async ({ session }) => {
        const { notice = '' } = await session.flashes()
        return page(
          `<p id=user>${session.userId}</p><p id=notice>${notice}</p>
      <form method=post action=/sign-out><button id=sign-out>Sign out</button></form>`,
        )
      }),
    ),
  )
  .get('/login', () => page('<form method=post><button id=sign-in>Sign in</button></form>'))
  .post(
    '/login',
    withSession(
      ownPages(async (request) => {
        await request.session.signIn('ada')
        request.session.flash('notice', 'Welcome')
        return seeOther(request, nextPathOf(request))
      }),
    ),
  )
  .post(
    '/sign-out',
    withSession(
      ownPages(async (request) => {
        await request.session.signOut()
        return seeOther(request, '/login')
      }),
    ),
  )
  .get(
    '/who',
    withSession(async ({ session }) => {
      await session.load()
      return { user: session.userId ?? null, data: await session.all() }
    }),
  )
  .post('/count', withSession(ownPages(async ({ session }) => session.increment('count'))))
  .post(
    '/write',
    withSession(({ session, url }) => {
      session.set(new URL(url).search, 1)
      return 'ok'
    }),
  )
  .post(
    '/regenerate',
    withSession(async ({ session }) => {
      await session.regenerate()
      return 'ok'
    }),
  )
  .get(
    '/embedded',
    embedded.withSession(async ({ session }) =>
      page(`<script>parent.postMessage(${await session.increment('count')}, '*')</script>`),
    ),
  )
  .post(
    '/embedded/end',
    embedded.withSession(async ({ session }) => {
      await session.destroy()
      return 'ok'
    }),
  )
  .post(
    '/renewed/sign-in',
    renewed.withSession(async ({ session }) => {
      await session.signIn('ada')
      return 'ok'
    }),
  )
  .get(
    '/renewed/who',
    renewed.withSession(async ({ session }) => {
      await session.load()
      return session.userId ?? null
    }),
  )
  .get('/no-referrer', () => {
    const response = page('')
    response.headers.set('Referrer-Policy', 'no-referrer')
    return response
  })
  .get('/', () => page(''))

/** What requests were answered, by their `sender`: a page of another origin may not read it. */
const statuses = new Map<string, number>()

// Workers' entries are default exports.
export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/statuses') return Response.json(Object.fromEntries(statuses))
    const response = await router.fetch(request, env, ctx)
    const sender = searchParams.get('sender')
    if (sender !== null) statuses.set(sender, response.status)
    return response
  },
} satisfies ExportedHandler<Cloudflare.Env>
