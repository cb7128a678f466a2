import { expect } from 'vitest'

import { requireBound, type RequireBoundOptions } from '../../src/guard/require-bound.ts'
import type { BoundApp, BoundSession, SignedIn } from './bound-app.ts'
import type { Browser } from './browser.ts'

/** Has a browser run something with its session, and returns the response. */
export async function run(
  app: BoundApp,
  browser: Browser,
  handler: (session: BoundSession) => unknown,
): Promise<Response> {
  app.handler = handler
  return browser.fetch('/')
}

export async function bindingOf(app: BoundApp, browser: Browser): Promise<unknown> {
  const response = await run(app, browser, async (session) => {
    await session.load()
    return [session.userId ?? null, session.binding]
  })
  return response.json()
}

/** Expects that the device is told to end its session. */
export async function expectEnd(
  app: BoundApp,
  { device }: Pick<SignedIn, 'device'>,
): Promise<void> {
  const id = device.session?.id
  app.events.length = 0
  const answer = await device.refresh()
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ session_identifier: id, continue: false })
  expect(answer.headers.getSetCookie()).toEqual([])
  expect(answer.headers.get('Cache-Control')).toBe('no-store')
  // A cookie that is past its time is reported besides.
  const events = app.events.filter(({ type }) => type !== 'expired')
  expect(events).toEqual([{ type: 'bound-ended', id: expect.any(String) }])
}

/** Puts the guard around the app's handler, which answers `in`. A sign-in has no grace, unless the options say so. */
export function guard(app: BoundApp, options?: RequireBoundOptions): void {
  const guarded = requireBound({ graceSeconds: 0, ...options })(() => new Response('in'))
  app.handler = (session, request) => guarded(Object.assign(request, { session }), {}, {})
}

/** True if `requireBound` lets the browser in. */
export async function isLetIn(
  app: BoundApp,
  browser: Browser,
  options?: RequireBoundOptions,
): Promise<boolean> {
  guard(app, options)
  return (await (await browser.fetch('/')).text()) === 'in'
}
