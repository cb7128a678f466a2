import { env as bindings } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import worker from '../../examples/once/worker.ts'
import { Browser } from '../support/browser.ts'

const env = {
  ...bindings,
  SESSIONS: bindings.LEASING as never,
  TOKEN_ENDPOINT: 'https://id.example/token',
  CLIENT_ID: 'client',
  API: 'https://api.example/orders',
}

/** A provider that takes each refresh token once, and an API that takes its access tokens. */
function newProvider(): { readonly spent: string[]; answer: 'tokens' | 'busy' | 'revoked' } {
  const provider: ReturnType<typeof newProvider> = { spent: [], answer: 'tokens' }
  let current = 'r0'
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    if (input === env.API) return new Response(new Headers(init?.headers).get('Authorization'))
    const token = new URLSearchParams(init?.body as URLSearchParams).get('refresh_token') ?? ''
    provider.spent.push(token)
    await scheduler.wait(5)
    if (provider.answer === 'busy') return new Response(null, { status: 503 })
    if (provider.answer === 'revoked' || token !== current) {
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    }
    current = `r${provider.spent.length}`
    return Response.json({
      access_token: `a${provider.spent.length}`,
      expires_in: 3600,
      refresh_token: current,
    })
  })
  return provider
}

async function signedIn(): Promise<Browser> {
  const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
  const browser = new Browser((request) => worker.fetch(request, env, context as never))
  await browser.fetch('/callback')
  return browser
}

describe('the recipe for a refresh token', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('spends it once, for twenty requests at once and for those that follow', async () => {
    const provider = newProvider()
    const browser = await signedIn()
    const pages = await Promise.all(Array.from({ length: 20 }, () => browser.fetch('/')))
    for (const page of pages) expect(await page.text()).toBe('Bearer a1')
    expect(await (await browser.fetch('/')).text()).toBe('Bearer a1')
    expect(provider.spent).toEqual(['r0'])
  })

  test('keeps the session while the provider is down', async () => {
    const provider = newProvider()
    const browser = await signedIn()
    provider.answer = 'busy'
    const down = await browser.fetch('/')
    expect([down.status, down.headers.get('Retry-After')]).toEqual([503, '5'])
    provider.answer = 'tokens'
    expect(await (await browser.fetch('/')).text()).toBe('Bearer a2')
    expect(provider.spent).toEqual(['r0', 'r0'])
  })

  test('ends the session once the provider has ended the grant', async () => {
    const provider = newProvider()
    const browser = await signedIn()
    provider.answer = 'revoked'
    const pages = await Promise.all(Array.from({ length: 5 }, () => browser.fetch('/')))
    for (const page of pages) expect([303, 409]).toContain(page.status)
    expect(pages.some(({ status }) => status === 303)).toBe(true)
    expect(browser.cookies.size).toBe(0)
    expect(provider.spent).toEqual(['r0'])
  })
})
