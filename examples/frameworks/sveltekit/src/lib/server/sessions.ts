import { dev } from '$app/environment'
import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { developmentStore } from 'edge-session/store/development'
import { durableObjectStore } from 'edge-session/store/durable-object'
import { userIndex } from 'edge-session/store/user-index'

export interface Data {
  count: number
  a: string
  b: string
}

export interface Flash {
  notice: string
}

export const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  // `vite dev` runs in Node and does not know the classes in worker.js, nor has it lists of a user's sessions.
  store: (env) => (dev ? developmentStore() : durableObjectStore(env.SESSIONS)),
  use: [accounts(dev ? {} : { index: (env: Env) => userIndex(env.USERS) })],
})
