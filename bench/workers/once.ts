// A plain read, and a `once` that returns a kept result, on the same objects.
import { createSessions, json, type Session } from '../../src/index.ts'
import { once, type OnceMethods } from '../../src/once.ts'
import { leases } from '../../src/once/leases.ts'
import { durableObjectStore, extendSessionObject } from '../../src/store/durable-object.ts'

export class SessionObject extends extendSessionObject(leases) {}

interface Data {
  n: number
}

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
}

const KEEP_SECONDS = 3600

const WORK: Readonly<Record<string, (session: Session<Data> & OnceMethods) => unknown>> = {
  '/create': async (session) => {
    session.set('n', 1)
    await session.once('kept', () => 1, { keep: KEEP_SECONDS })
    return new Response('ok')
  },
  '/read': async (session) => new Response(String(await session.get('n'))),
  '/once': async (session) =>
    new Response(String(await session.once('kept', () => 2, { keep: KEEP_SECONDS }))),
}

const { withSession } = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [once()],
})

const fetch = withSession(
  ({ session, url }) => WORK[new URL(url).pathname]?.(session) ?? new Response('up'),
)

// Workers' entries are default exports.
export default { fetch } satisfies ExportedHandler<Env>
