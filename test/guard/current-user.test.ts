import { describe, expect, test } from 'vitest'

import type { AccountMethods } from '../../src/accounts.ts'
import { currentUser } from '../../src/guard/current-user.ts'
import type { HasSession } from '../../src/request/create-sessions.ts'
import { CONTEXT, newSite, signedIn, type Site } from '../support/site.ts'

type Data = Record<string, unknown>
type Ask = (request: HasSession<Data, Data, AccountMethods>) => unknown

function siteThatAsks(ask: Ask): Site {
  const site = newSite()
  const handler = site.sessions.withSession(async (request) => (await ask(request)) ?? null)
  site.routes['/ask'] = (request, env) => handler(request, env, CONTEXT)
  return site
}

describe('the current user', () => {
  test('is loaded once a request, however often and by whom it is asked for', async () => {
    const loads: unknown[][] = []
    const userOf = currentUser(async (id: string, from: string) => {
      loads.push([id, from])
      return { id }
    })
    const site = siteThatAsks(async (request) => {
      const parallel = await Promise.all([userOf(request, 'db'), userOf(request, 'db')])
      return [...parallel, await userOf(request, 'db')]
    })
    const browser = await signedIn(site)
    expect(await browser.json('/ask')).toEqual([{ id: 'ada' }, { id: 'ada' }, { id: 'ada' }])
    expect(loads).toEqual([['ada', 'db']])
    await browser.fetch('/ask')
    expect(loads).toHaveLength(2)
  })

  test('is nobody where nobody is signed in, without a load', async () => {
    let loads = 0
    const userOf = currentUser(() => {
      loads += 1
      return 'user'
    })
    const site = siteThatAsks((request) => userOf(request))
    expect(await site.browser().json('/ask')).toBeNull()
    expect(loads).toBe(0)
  })

  test('is nobody where the loader finds nobody, and that is remembered', async () => {
    let loads = 0
    const userOf = currentUser<string, []>(() => {
      loads += 1
      return undefined
    })
    const site = siteThatAsks(async (request) => {
      await userOf(request)
      return userOf(request)
    })
    expect(await (await signedIn(site)).json('/ask')).toBeNull()
    expect(loads).toBe(1)
  })

  test('is another one after another has signed in, in the same request too', async () => {
    const userOf = currentUser(async (id: string) => id.toUpperCase())
    const site = siteThatAsks(async (request) => {
      const before = await userOf(request)
      await request.session.signIn('eve')
      return [before, await userOf(request)]
    })
    expect(await (await signedIn(site)).json('/ask')).toEqual(['ADA', 'EVE'])
  })

  test('is asked for again after its loader failed, whether it throws or rejects', async () => {
    const failures = [
      () => {
        throw new Error('down')
      },
      async () => {
        throw new Error('down again')
      },
    ]
    const userOf = currentUser((id: string) => (failures.shift() ?? (() => id))())
    const messages: string[] = []
    const site = siteThatAsks(async (request) => {
      const failed = (error: Error): void => void messages.push(error.message)
      await userOf(request).catch(failed)
      await userOf(request).catch(failed)
      return userOf(request)
    })
    expect(await (await signedIn(site)).json('/ask')).toBe('ada')
    expect(messages).toEqual(['down', 'down again'])
  })

  test('is remembered, though the load of the user before fails late', async () => {
    const slow = Promise.withResolvers<string>()
    const loads: string[] = []
    const userOf = currentUser((id: string) => {
      loads.push(id)
      return id === 'ada' ? slow.promise : id
    })
    const site = siteThatAsks(async (request) => {
      const former = userOf(request)
      await request.session.signIn('eve')
      await userOf(request)
      slow.reject(new Error('down'))
      await former.catch(() => undefined)
      return userOf(request)
    })
    expect(await (await signedIn(site)).json('/ask')).toBe('eve')
    expect(loads).toEqual(['ada', 'eve'])
  })

  test('needs a session', async () => {
    const userOf = currentUser((id: string) => id)
    const asked = userOf({} as HasSession<object, object, AccountMethods>)
    await expect(asked).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})
