import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import worker from '../../examples/accounts/oauth-state.ts'
import { Browser } from '../support/browser.ts'
import { CONTEXT } from '../support/site.ts'

const visitor = (): Browser =>
  new Browser((request) => worker.fetch(request, env, CONTEXT) as Promise<Response>)

/** Begins a sign-in, and returns the state that the provider would send back. */
async function begun(browser: Browser): Promise<string> {
  const response = await browser.fetch('/login/provider')
  expect(response.status).toBe(303)
  return new URL(response.headers.get('Location') ?? '').searchParams.get('state') ?? ''
}

describe('the state of a sign-in at a provider', () => {
  test('is accepted once, by one of all callbacks that come at the same time', async () => {
    const browser = visitor()
    const state = await begun(browser)
    const path = `/login/callback?code=c&state=${state}`
    const answers = await Promise.all([1, 2, 3].map(() => browser.fetch(path)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400])
    expect((await browser.fetch(path)).status).toBe(400)
  })

  test('is that of the browser that began', async () => {
    const state = await begun(visitor())
    const other = visitor()
    await begun(other)
    expect((await other.fetch(`/login/callback?code=c&state=${state}`)).status).toBe(400)
    expect((await visitor().fetch(`/login/callback?code=c&state=${state}`)).status).toBe(400)
  })
})
