import { createSessions, type Problem } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { requireUser } from 'edge-session/guard/require-user'
import { durableObjectStore } from 'edge-session/store/durable-object'

import type { Env } from './sessions.ts'

const GERMAN: Readonly<Record<string, string>> = {
  ERR_SIGN_IN: 'Bitte melden Sie sich an.',
  ERR_SESSION_ENDED: 'Sie sind abgemeldet. Ihre letzte Änderung wurde nicht gespeichert.',
  ERR_STORE: 'Das geht gerade nicht. Versuchen Sie es in ein paar Sekunden noch einmal.',
}

function refusedPage({ status, code }: Problem): Response {
  const text = GERMAN[code] ?? 'Das geht leider nicht.'
  return new Response(`<!doctype html><html lang="de"><title>${text}</title><h1>${text}</h1>`, {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
  })
}

const { withSession } = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()],
  // #region refused
  onRefused: (problem, { headers }) =>
    headers.get('Sec-Fetch-Mode') === 'navigate'
      ? refusedPage(problem)
      : Response.json(problem, { status: problem.status }),
  // #endregion refused
})

export const account = withSession(requireUser()(({ session }) => `Konto von ${session.userId}`))
