import { createSessions } from '../../src/index.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'

export { SessionObject }

const seen = { calls: 0, events: 0 }

/** The namespace, with a count of the objects that are asked for. */
function counted(namespace: Cloudflare.Env['SESSIONS']): Cloudflare.Env['SESSIONS'] {
  return new Proxy(namespace, {
    get(target, name) {
      if (name === 'get') seen.calls += 1
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

const sessions = createSessions({
  secrets: (env: Cloudflare.Env) => [env.SESSION_SECRET],
  store: (env: Cloudflare.Env) => durableObjectStore(counted(env.SESSIONS)),
  onEvent: () => void (seen.events += 1),
})

/** What the flood asks for by path: `/set` makes a session, `/seen` gives the counts, anything else reads. */
const fetch = sessions.withSession(async ({ session, url }) => {
  const { pathname } = new URL(url)
  if (pathname === '/seen') return { ...seen }
  if (pathname === '/set') session.set('a', 1)
  return (await session.get('a')) ?? null
})

export default { fetch } satisfies ExportedHandler<Cloudflare.Env>
