import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { createSessions, type RequestContext, type Session } from '../../src/index.ts'
import { inProcessIndex, inProcessStore } from './objects.ts'

interface Data {
  n: number
  m: number
}

type Handler = (request: { readonly session: Session<Data> }) => Promise<Response>

const HANDLERS = {
  anonymous: async () => new Response('ok'),
  read: async ({ session }) => new Response(String(await session.get('n'))),
  'blind write': async ({ session }) => {
    session.set('n', newNumber())
    return new Response('ok')
  },
  'read, then write': async ({ session }) => {
    await session.get('n')
    session.set('m', newNumber())
    return new Response('ok')
  },
  increment: async ({ session }) => new Response(String(await session.increment('n'))),
} satisfies Readonly<Record<string, Handler>>

async function signIn({ session }: { readonly session: AccountMethods }): Promise<Response> {
  await session.signIn('user')
  return new Response('ok')
}

/** What one request does. */
export type Work = keyof typeof HANDLERS | 'sign-in' | 'sign-in, listed'

export const WORKS: readonly Work[] = [
  ...(Object.keys(HANDLERS) as (keyof typeof HANDLERS)[]),
  'sign-in',
  'sign-in, listed',
]

/** Someone with a session, unless the work is an anonymous one. Only `send` is measured. */
export interface Visitor {
  readonly newRequest: () => Promise<Request>
  readonly send: (request: Request) => Promise<Response>
}

/** An application over objects in this process: in a request nothing runs but the package, the handler and Web Crypto. */
export interface Application {
  /** A visitor whose every request does this work, in a session that another request has begun. */
  readonly visitorAt: (work: Work) => Visitor
  /** A visitor at a handler without the package: what the measurement itself costs. */
  readonly floor: Visitor
}

type Fetch = (request: Request, env: unknown, ctx: RequestContext) => Promise<Response>

const SECRETS = ['only-for-budgets-only-for-budgets'] as const

export async function newApplication(): Promise<Application> {
  const options = { secrets: SECRETS, store: await inProcessStore() }
  const plain = createSessions<Data>(options)
  // Features are in use for the works that need them, and for no other.
  const unlisted = createSessions({ ...options, use: [accounts()] })
  const listed = createSessions({ ...options, use: [accounts({ index: await inProcessIndex() })] })
  const fetchOf = (work: Work): Fetch => {
    if (work === 'sign-in') return unlisted.withSession(signIn)
    if (work === 'sign-in, listed') return listed.withSession(signIn)
    return plain.withSession((request) => HANDLERS[work](request))
  }
  const sendTo = (work: Work): Visitor['send'] => {
    const fetch = fetchOf(work)
    return (request) => fetch(request, undefined, CONTEXT)
  }
  const begin = sendTo('blind write')
  const newCookie = async (): Promise<string> => {
    const response = await begin(requestWith(''))
    return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  }
  const visitorAt = (work: Work): Visitor => ({
    newRequest: async () => requestWith(work === 'anonymous' ? '' : await newCookie()),
    send: sendTo(work),
  })
  const floor: Visitor = {
    newRequest: async () => requestWith(''),
    send: async () => new Response('ok'),
  }
  return { visitorAt, floor }
}

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

function requestWith(cookie: string): Request {
  return new Request('https://app.example/', { headers: cookie === '' ? {} : { cookie } })
}

let count = 0

/** Returns another number each time, since a write of what is there already may be spared. */
function newNumber(): number {
  count += 1
  return count
}
