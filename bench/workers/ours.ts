// This library, as an application would use it.
import { createSessions, type Session } from '../../src/index.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'

export { SessionObject }

interface Data {
  n: number
  filler: string
}

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace
  readonly KV: KVNamespace
}

const secrets = (env: Env): [string] => [env.SESSION_SECRET]
const objects = createSessions<Data, Env>({
  secrets,
  store: (env) => durableObjectStore(env.SESSIONS),
})
const kv = createSessions<Data, Env>({ secrets, store: (env) => kvStore(env.KV) })

async function work(session: Session<Data>, url: string, base: string): Promise<Response> {
  const { pathname, searchParams } = new URL(url)
  switch (pathname.slice(base.length)) {
    case '/create': {
      session.set('n', 1)
      const size = Number(searchParams.get('size') ?? 0)
      if (size > 0) session.set('filler', 'x'.repeat(size))
      break
    }
    case '/read':
      return new Response(String(await session.get('n')))
    case '/write':
      session.set('n', ((await session.get('n')) ?? 0) + 1)
      break
    case '/set':
      session.set('n', 2)
      break
    case '/increment':
      return new Response(String(await session.increment('n')))
    default:
  }
  return new Response('ok')
}

const onObjects = objects.withSession(({ session, url }) => work(session, url, ''))
const onKv = kv.withSession(({ session, url }) => work(session, url, '/kv'))

// Workers' entries are default exports.
export default {
  fetch: (request, env, ctx) =>
    request.url.includes('/kv/') ? onKv(request, env, ctx) : onObjects(request, env, ctx),
} satisfies ExportedHandler<Env>
