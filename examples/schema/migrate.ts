import { createSessions } from 'edge-session'
import { checked } from 'edge-session/schema'
import { durableObjectStore, type SessionObjectNamespace } from 'edge-session/store/durable-object'
import { z } from 'zod'

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: SessionObjectNamespace
}

const schema = z.object({
  user: z.object({ name: z.string() }),
  theme: z.enum(['light', 'dark']),
})

export const sessions = createSessions({
  // #region migrate
  data: checked(schema, {
    // Until this spring a session had { name: string }.
    migrate: ({ name, ...stored }) =>
      typeof name === 'string' ? { ...stored, user: { name } } : stored,
  }),
  // #endregion migrate
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  onEvent: (event) => {
    if (event.type === 'invalid') report(`${event.id}: dropped ${event.keys.join(', ')}`)
  },
})

/** Where the application's reports go. */
export const reports: string[] = []

function report(text: string): void {
  reports.push(text)
}
