import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { createSessions, json, type Session } from '../../src/index.ts'
import { inProcessStore } from './objects.ts'

interface Data {
  n: number
  m: number
}

type AppSession = Session<Data> & AccountMethods
type Handler = (request: { readonly session: AppSession }) => Promise<Response>

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
  'sign-in': async ({ session }) => {
    await session.signIn('user')
    return new Response('ok')
  },
} satisfies Readonly<Record<string, Handler>>

/** What one request does. */
export type Work = keyof typeof HANDLERS

export const WORKS = Object.keys(HANDLERS) as readonly Work[]

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

export async function newApplication(): Promise<Application> {
  const options = {
    data: json<Data>(),
    secrets: ['only-for-budgets-only-for-budgets'],
    store: await inProcessStore(),
  } as const
  const plain = createSessions(options)
  const withAccounts = createSessions({ ...options, use: [accounts()] })
  const sendTo = (work: Work): Visitor['send'] => {
    // Only a sign-in has the feature in use; to the others it is a method that is not there.
    const wrapped =
      work === 'sign-in'
        ? withAccounts.withSession((request) => HANDLERS[work](request))
        : plain.withSession(({ session }) =>
            HANDLERS[work]({ session: session as Session<Data> as AppSession }),
          )
    return (request) => wrapped(request, undefined, CONTEXT)
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
