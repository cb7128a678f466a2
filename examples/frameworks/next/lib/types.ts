// Compiled, and never run: the types of this application's session.
import type { DurableObjectNamespace } from '@cloudflare/workers-types'
import { durableObjectStore } from 'edge-session/store/durable-object'
import { userIndex } from 'edge-session/store/user-index'

import { currentSession } from './session'

/** The bindings as Workers' own types have them. */
interface Env {
  readonly SESSIONS: DurableObjectNamespace
  readonly USERS: DurableObjectNamespace
}

const session = await currentSession()

export async function typesOf(env: Env): Promise<unknown> {
  const count: number | undefined = await session.get('count')
  const next: number = await session.increment('count')
  const user: string | undefined = session.userId
  const notice: string | undefined = (await session.flashes()).notice
  // @ts-expect-error: count is a number.
  session.set('count', 'one')
  // @ts-expect-error: there is no such key.
  await session.get('counter')
  // @ts-expect-error: the message is a text.
  session.flash('notice', 1)
  // The local runtime has no jurisdictions.
  const stores = [
    durableObjectStore(env.SESSIONS.jurisdiction('eu')),
    userIndex(env.USERS.jurisdiction('eu')),
  ]
  return { count, next, user, notice, stores }
}
