// A read of a signed-in user's session, and the same behind `requireBound` with a good cookie of the device.
import { accounts } from '../../src/accounts.ts'
import { bound } from '../../src/bound.ts'
import { bindings } from '../../src/bound/bindings.ts'
import { requireBound } from '../../src/guard/require-bound.ts'
import { createSessions, json } from '../../src/index.ts'
import { durableObjectStore, extendSessionObject } from '../../src/store/durable-object.ts'
import { SoftDevice } from '../../test/support/soft-device.ts'

export class SessionObject extends extendSessionObject(bindings) {}

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
}

const DAY_SECONDS = 86_400

const { withSession } = createSessions({
  data: json<{ n: number }>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts(), bound({ cookieSeconds: DAY_SECONDS })],
})

const read = withSession(async ({ session }) => new Response(String(await session.get('n'))))
const ROUTES: Readonly<Record<string, typeof read>> = {
  '/sign-in': withSession(async ({ session }) => {
    session.set('n', 1)
    await session.signIn('ada')
    return new Response('ok')
  }),
  '/read': read,
  '/bound': withSession(
    requireBound()(async ({ session }) => new Response(String(await session.get('n')))),
  ),
}
// The endpoints answer wherever the layer wraps.
const endpoints = withSession(() => new Response('up'))

/** Signs in, and registers a device. Returns both cookies. */
async function create(env: Env): Promise<Response> {
  const send = async (path: string, init?: RequestInit): Promise<Response> => {
    const request = new Request(new URL(path, 'https://bench.example'), init)
    return (ROUTES[path] ?? endpoints)(request, env)
  }
  const signedIn = await send('/sign-in')
  const registered = await new SoftDevice(send).register(signedIn)
  const response = new Response('ok')
  for (const { headers } of [signedIn, registered]) {
    for (const cookie of headers.getSetCookie()) response.headers.append('Set-Cookie', cookie)
  }
  return response
}

export default {
  fetch: (request, env) => {
    const { pathname } = new URL(request.url)
    return pathname === '/create' ? create(env) : (ROUTES[pathname] ?? endpoints)(request, env)
  },
} satisfies ExportedHandler<Env>
