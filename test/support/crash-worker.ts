import { createSessions } from '../../src/index.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'

export { SessionObject }

interface Data {
  count: number
  a: number
  b: number
  c: number
  late: number
}

const sessions = createSessions<Data, Cloudflare.Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

/** What the crash test asks for by path: `/increment`, `/commit?number=5`, `/late?number=5`, `/all`. */
const fetch = sessions.withSession(async ({ session, url, headers }, env, ctx) => {
  const { pathname, searchParams } = new URL(url)
  const number = Number(searchParams.get('number'))
  if (pathname === '/all') return session.all()
  if (pathname === '/increment') return session.increment('count')
  if (pathname === '/late') ctx.waitUntil(writeLater(new Request(url, { headers }), env, number))
  if (pathname === '/commit') {
    session.set('a', number)
    session.set('b', number)
    session.set('c', number)
  }
  return number
})

/** The control: a session layer that answers first and writes afterwards, as many do. */
async function writeLater(request: Request, env: Cloudflare.Env, number: number): Promise<void> {
  await scheduler.wait(20)
  const session = await sessions.open(request, env)
  session.set('late', number)
  await session.commit()
}

// Workers' entries are default exports.
export default { fetch } satisfies ExportedHandler<Cloudflare.Env>
