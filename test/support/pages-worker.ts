import { accounts } from '../../src/accounts.ts'
import { createSessions } from '../../src/index.ts'
import { RELOAD_ON_BACK, RELOAD_ON_BACK_CSP } from '../../src/reload-on-back.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'

export { SessionObject }

const { withSession } = createSessions({
  secrets: ['a secret of more than thirty-two bytes'],
  store: (env: Cloudflare.Env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ clearSiteData: ['cache', 'storage'] })],
})

/** A page that says who is signed in, with a way in and a way out. With `line`, it reloads on Back. */
function page(text: string, hasLine: boolean): Response {
  const query = hasLine ? '?line' : ''
  const body = `<!doctype html><title>page</title>
${hasLine ? `<script>${RELOAD_ON_BACK}</script>` : ''}
<p>${text}</p>
<form method="post" action="/sign-in${query}"><button id="sign-in">Sign in</button></form>
<form method="post" action="/sign-out"><button id="sign-out">Sign out</button></form>
<a id="account" href="/account${query}">account</a> <a id="other" href="/other">other</a>`
  return new Response(body, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; script-src ${RELOAD_ON_BACK_CSP}; connect-src 'self'; form-action 'self'`,
    },
  })
}

function seeOther(path: string): Response {
  return new Response(null, { status: 303, headers: { Location: path } })
}

/** An application whose pages say nothing of caches, unless they are asked to. */
const fetch = withSession(async ({ session, url, method }) => {
  const { pathname, searchParams } = new URL(url)
  const hasLine = searchParams.has('line')
  if (method === 'POST' && pathname === '/sign-in') {
    await session.signIn('ada')
    return seeOther(`/account${hasLine ? '?line' : ''}`)
  }
  if (method === 'POST' && pathname === '/sign-out') {
    await session.signOut()
    return seeOther('/other')
  }
  if (pathname !== '/account') return page('another page', hasLine)
  await session.load()
  const account = page(`account of ${session.userId ?? 'nobody'}`, hasLine)
  // What an application may say itself.
  if (searchParams.has('own')) account.headers.set('Cache-Control', 'private, no-cache')
  return account
})

// Workers' entries are default exports.
export default { fetch } satisfies ExportedHandler<Cloudflare.Env>
