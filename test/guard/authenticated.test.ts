import { describe, expect, test } from 'vitest'

import { authenticated } from '../../src/guard/authenticated.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { CONTEXT, newSite, signedIn, type Site } from '../support/site.ts'

function guardedSite(guard: ReturnType<typeof authenticated>): Site {
  const site = newSite()
  const handler = site.sessions.withSession(guard(({ session }) => session.userId))
  site.routes['/guarded'] = (request, env) => handler(request, env, CONTEXT)
  return site
}

describe('authenticated', () => {
  test.for([
    ['GET', '*/*'],
    ['GET', 'application/json'],
    ['HEAD', 'text/html'],
  ] as const)(
    'redirects a %s that accepts %s, with the path to come back to',
    async ([method, accept]) => {
      const site = guardedSite(authenticated({ loginUrl: '/login?a=1' }))
      const response = await site
        .browser()
        .fetch('/guarded?x=1&y=2', { method, headers: { Accept: accept } })
      expect(response.status).toBe(302)
      expect(response.headers.get('Location')).toBe('/login?a=1&next=%2Fguarded%3Fx%3D1%26y%3D2')
    },
  )

  test.for(['POST', 'PUT', 'DELETE'])('answers a %s by 403', async (method) => {
    const site = guardedSite(authenticated({ loginUrl: '/login' }))
    const headers = { Accept: 'text/html' }
    const response = await site.browser().fetch('/guarded', { method, headers })
    expect(response.status).toBe(403)
  })

  test('lets users in', async () => {
    const site = guardedSite(authenticated({ loginUrl: '/login' }))
    const browser = await signedIn(site)
    expect(await browser.json('/guarded')).toBe('ada')
  })
})

describe('a sign-in page', () => {
  test.for<[loginUrl: string, next: string]>([
    ['/login', '/guarded?x=1'],
    ['https://app.example/login', '/guarded?x=1'],
    ['https://id.example/login', 'https://app.example/guarded?x=1'],
    ['//id.example/login', 'https://app.example/guarded?x=1'],
  ])('at %s is told to come back to %s', async ([loginUrl, next]) => {
    const site = guardedSite(requireUser({ loginUrl }))
    const headers = { Accept: 'text/html' }
    const response = await site.browser().fetch('/guarded?x=1', { headers })
    const location = response.headers.get('Location') ?? ''
    expect(location.startsWith(`${loginUrl}?next=`)).toBe(true)
    expect(new URL(location, 'https://app.example').searchParams.get('next')).toBe(next)
  })
})
