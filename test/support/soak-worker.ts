import { createSessions, type Session } from '../../src/index.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'

/** What the next call of an object meets: it is sent twice, or the object is reset before it or after it was stored. */
type Fault = 'twice' | 'abort' | 'abort-later'

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SoakObject>
  /** How this Worker is broken, to show that the soak would notice; empty if it is not. */
  readonly BROKEN: '' | 'early' | 'ids'
}

type Data = Record<string, string | number>

class SoakObject extends SessionObject {
  readonly #instance = crypto.randomUUID()
  #fault: Fault | undefined

  /** Returns another text each time that the object is loaded. */
  instance(): string {
    return this.#instance
  }

  fail(fault: Fault): void {
    this.#fault = fault
  }

  override async call(request: string, version?: number): Promise<string> {
    const fault = this.#fault
    this.#fault = undefined
    const { BROKEN } = this.env as unknown as Env
    const send = async (): Promise<string> =>
      super.call(BROKEN === 'ids' ? withoutOperation(request) : request, version)
    if (fault === 'abort') this.ctx.abort('reset by the soak')
    const reply = await send()
    if (fault === 'twice') return send()
    if (fault === 'abort-later') {
      await this.ctx.storage.sync()
      this.ctx.abort('reset by the soak')
    }
    return reply
  }
}

/** Gives each call another operation id, as if it had none: a repeated call counts again. */
function withoutOperation(request: string): string {
  return request.replace(/"id":"[^"]*"/, () => `"id":"${crypto.randomUUID()}"`)
}

export { SoakObject as SessionObject }

const sessions = createSessions<Data, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

/** Does what `?does=increment&key=n` asks for, once the object has been told the fault, if there is one. */
const operation = sessions.withSession(async ({ session, url, headers }, env, ctx) => {
  const query = Object.fromEntries(new URL(url).searchParams)
  const { does = '', key = '', wrote = '', object = '', fault } = query
  if (fault !== undefined) {
    const stub = env.SESSIONS.get(env.SESSIONS.idFromString(object))
    // Another client's fault may have just reset the object.
    await stub.fail(fault as Fault).catch(() => undefined)
  }
  if (env.BROKEN === 'early' && does === 'set' && object !== '') {
    ctx.waitUntil(setLater(new Request(url, { headers }), env, key, wrote))
    return { session: object }
  }
  const result = await resultOf(session, does, key, wrote)
  return { session: session.id, result }
})

async function resultOf(
  session: Session<Data>,
  does: string,
  key: string,
  wrote: string,
): Promise<unknown> {
  switch (does) {
    case 'get':
      return session.get(key)
    case 'set':
      session.set(key, JSON.parse(wrote) as string)
      return undefined
    case 'delete':
      session.delete(key)
      return undefined
    case 'take':
      return session.take(key)
    case 'increment':
      return session.increment(key)
    case 'update':
      return session.update(key, (before) => `${before ?? ''}+${wrote}`)
    default:
      throw new TypeError(`Nothing is called ${does}.`)
  }
}

/** The control: a session layer that answers first and writes afterwards. */
async function setLater(request: Request, env: Env, key: string, wrote: string): Promise<void> {
  await scheduler.wait(20)
  const session = await sessions.open(request, env)
  session.set(key, JSON.parse(wrote) as string)
  await session.commit()
}

/** What the soak asks for by path: `/operation?…`, `/instance?object=…`. */
export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/operation') return operation(request, env, ctx)
    if (pathname !== '/instance') return new Response('ok')
    const id = env.SESSIONS.idFromString(searchParams.get('object') ?? '')
    return Response.json(await env.SESSIONS.get(id).instance())
  },
} satisfies ExportedHandler<Env>
