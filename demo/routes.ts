import { IttyRouter, type IttyRouterType } from 'itty-router'

import type { AccountMethods } from '../src/accounts.ts'
import type { Session } from '../src/index.ts'
import { type Data, FIELDS, isKey } from './data.ts'
import { jsonOf, keyOf, nameOf, prefersHtml, readBody, stepOf, textOf, valueOf } from './input.ts'
import { ownRequests } from './own-requests.ts'
import type { SessionView } from './page/session-section.ts'
import type { Flash, Place } from './sessions.ts'

export type DemoSession = Session<Data, Flash> & AccountMethods

/** A request that changes the session, with the last part of its path, and the page it came from. */
interface Operation {
  readonly session: DemoSession
  readonly request: Request
  readonly name: string
  readonly isFromPage: boolean
}

const KEYS = Object.keys(FIELDS).filter(isKey)

/** The routes that read and change a session on one store, all under its `base`. */
export function sessionRoutes({ base, sessions: { withSession } }: Place): IttyRouterType {
  const own = ownRequests()
  /** A route that changes the session. A client gets the outcome as JSON, a form the page again. */
  const operation = (run: (operation: Operation) => unknown) =>
    withSession(
      own(async (request) => {
        const isFromPage = prefersHtml(request)
        const name = nameOf(String(request.params['name'] ?? ''))
        const outcome = await run({ session: request.session, request, name, isFromPage })
        if (!isFromPage) return Response.json(outcome)
        return new Response(null, { status: 303, headers: { Location: `${base}/` } })
      }),
    )

  return IttyRouter({ base })
    .get(
      '/session',
      withSession(({ session }) => viewOf(session)),
    )
    .get(
      '/flashes',
      withSession(({ session }) => session.flashes()),
    )
    .get(
      '/poll',
      withSession(({ session }) => viewOf(session), { touch: false }),
    )
    .post('/set/:name', operation(set))
    .post('/delete/:name', operation(remove))
    .post('/clear', operation(clear))
    .post('/increment/:name', operation(increment))
    .post('/update/:name', operation(update))
    .post('/take/:name', operation(take))
    .post('/flash/:name', operation(flash))
    .post('/regenerate', operation(regenerate))
    .post('/destroy', operation(destroy))
}

/** Returns a session's view. Reads the dictionary first, since that determines if the session still exists. */
export async function viewOf(session: DemoSession): Promise<SessionView> {
  const data = await session.all()
  const { id, isNew, createdAt = null, expiresAt = null } = session
  return { id, isNew, createdAt, expiresAt, data }
}

async function set({ session, request, name }: Operation): Promise<unknown> {
  const key = keyOf(name, KEYS)
  const value = valueOf(key, await readBody(request))
  session.set(key, value)
  return { [key]: value }
}

function remove({ session, name }: Operation): unknown {
  const key = keyOf(name, KEYS)
  session.delete(key)
  return { [key]: null }
}

function clear({ session }: Operation): unknown {
  session.clear()
  return {}
}

async function increment({ session, request, name }: Operation): Promise<unknown> {
  const key = keyOf(name, ['visits'])
  return { [key]: await session.increment(key, stepOf(request.url)) }
}

async function update({ session, request, name }: Operation): Promise<unknown> {
  const key = keyOf(name, ['cart'])
  const item = textOf(await readBody(request))
  return { [key]: await session.update(key, (items = []) => [...items, item]) }
}

async function take({ session, name, isFromPage }: Operation): Promise<unknown> {
  const key = keyOf(name, KEYS)
  const value = await session.take(key)
  // The page is another request, when the value is already gone.
  if (isFromPage && value !== undefined) session.flash(`taken: ${key}`, value)
  return { [key]: value ?? null }
}

async function flash({ session, request, name }: Operation): Promise<unknown> {
  const message = jsonOf(await readBody(request))
  session.flash(name, message)
  return { [name]: message }
}

async function regenerate({ session }: Operation): Promise<unknown> {
  await session.regenerate()
  return viewOf(session)
}

async function destroy({ session }: Operation): Promise<unknown> {
  await session.destroy()
  return { destroyed: session.id }
}
