import { accounts } from '../../src/accounts.ts'
import { createSessions } from '../../src/index.ts'
import { remembering } from '../../src/remember.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'

export { SessionObject }

const { withSession } = createSessions({
  secrets: ['a secret of more than thirty-two bytes'],
  store: (env: Cloudflare.Env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ remember: remembering() })],
})

/** A page that says who is signed in, with a form whose box asks to stay signed in. */
function page(user: string): Response {
  const body = `<!doctype html><title>page</title><p>${user}</p>
<form method="post" action="/sign-in">
<label><input type="checkbox" name="remember"> Stay signed in</label><button id="sign-in">Sign in</button></form>
<form method="post" action="/regenerate"><button id="regenerate">New token</button></form>
<form method="post" action="/sign-out"><button id="sign-out">Sign out</button></form>`
  return new Response(body, { headers: { 'Content-Type': 'text/html; charset=utf-8' } })
}

const fetch = withSession(async (request) => {
  const { session, url, method } = request
  const { pathname } = new URL(url)
  if (method !== 'POST') {
    await session.load()
    return page(session.userId ?? 'nobody')
  }
  if (pathname === '/sign-in') {
    const form = await request.formData()
    await session.signIn('ada', { remember: form.has('remember') })
  } else if (pathname === '/regenerate') await session.regenerate()
  else await session.signOut()
  return new Response(null, { status: 303, headers: { Location: '/' } })
})

// Workers' entries are default exports.
export default { fetch } satisfies ExportedHandler<Cloudflare.Env>
