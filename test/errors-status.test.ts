import { env } from 'cloudflare:workers'
import { AutoRouter } from 'itty-router'
import { expect, test } from 'vitest'

import { accounts } from '../src/accounts.ts'
import { createSessions, SessionError, type SessionErrorCode } from '../src/index.ts'
import { durableObjectStore } from '../src/store/durable-object.ts'
import { memoryStore } from '../src/store/memory.ts'
import { userIndex } from '../src/store/user-index.ts'
import { Browser } from './support/browser.ts'
import { CONTEXT } from './support/site.ts'

const [docs = ''] = Object.values(
  import.meta.glob<string>('../docs/requests.md', {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
)

const STATUSES: Record<SessionErrorCode, number> = {
  ERR_OPTION: 500,
  ERR_SECRET: 500,
  ERR_BINDING: 500,
  ERR_KEY: 500,
  ERR_VALUE: 500,
  ERR_TOO_LARGE: 413,
  ERR_NOT_ATOMIC: 500,
  ERR_CONFLICT: 503,
  ERR_SESSION_ENDED: 409,
  ERR_NOT_LOADED: 500,
  ERR_SESSION_LIMIT: 403,
  ERR_RESPONSE_SENT: 500,
  ERR_SPECULATIVE: 503,
  ERR_STORE: 503,
}
const CODES = Object.entries(STATUSES) as [SessionErrorCode, number][]

test.for(CODES)('%s means %i, as the document says', ([code, status]) => {
  expect(new SessionError(code, 'text').status).toBe(status)
  const rows = docs.split('\n').filter((line) => line.startsWith('|') && line.includes(code))
  expect(rows).toEqual([expect.stringContaining(`| ${status} `)])
})

test('a status is not an own property, so that no error page shows it twice', () => {
  expect(Object.keys(new SessionError('ERR_STORE', 'text'))).toEqual(['code'])
})

test.for([
  ['ERR_SPECULATIVE', 503, { 'Sec-Purpose': 'prefetch' }],
  ['ERR_TOO_LARGE', 413, { large: 'yes' }],
] as const)('the answer to an uncaught %s has its status', async ([code, status, headers]) => {
  const { withSession } = createSessions({ secrets: [env.SESSION_SECRET], store: memoryStore() })
  const browser = new Browser(async (request) =>
    withSession(async ({ session, headers: sent }) => {
      if (sent.has('large')) session.set('a', 'a'.repeat(1_900_001))
      if (sent.has('Sec-Purpose')) await session.take('state')
      session.set('state', 'xyz')
      return 'ok'
    })(request, {}),
  )
  await browser.fetch('/')
  const response = await browser.fetch('/', { headers })
  expect([response.status, await response.json()]).toEqual([
    status,
    expect.objectContaining({ code, status }),
  ])
})

test('a framework’s own error page takes it: a sign-in beyond the limit', async () => {
  const index = userIndex(env.USERS)
  const { withSession } = createSessions({
    secrets: [env.SESSION_SECRET],
    store: durableObjectStore(env.SESSIONS),
    use: [accounts({ index, limit: { max: 1, whenFull: 'refuse' } })],
  })
  const router = AutoRouter()
  router.post(
    '/sign-in',
    withSession(async ({ session }) => session.signIn('eva-of-the-limit').then(() => 'ok')),
  )
  const server = async (request: Request): Promise<Response> =>
    router.fetch(request, {}, CONTEXT) as Promise<Response>
  expect((await new Browser(server).fetch('/sign-in', { method: 'POST' })).status).toBe(200)
  expect((await new Browser(server).fetch('/sign-in', { method: 'POST' })).status).toBe(403)
})
