import { describe, expect, test } from 'vitest'

import { type App, newApp } from '../support/app.ts'

async function onHttp(app: App, url: string, cookie = ''): Promise<Response> {
  const headers = cookie === '' ? {} : { cookie }
  return app.browser().fetch(url, { headers })
}

describe('on plain http', () => {
  test('nothing is set and nothing is stored, and an event says why', async () => {
    const app = newApp()
    app.handler = async (session) => {
      session.set('a', 1)
      session.flash('notice', 'x')
      await session.commit()
      return [
        await session.increment('n'),
        await session.increment('n'),
        (await session.update('b', () => 2)) ?? null,
        (await session.take('a')) ?? null,
        await session.all(),
      ]
    }
    const response = await onHttp(app, 'http://app.example/')
    expect(await response.json()).toEqual([1, 2, 2, 1, { n: 2, b: 2 }])
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual([])
    expect(app.events).toEqual([{ type: 'refused', reason: 'insecure' }])
  })

  test('a cookie that came is not looked at', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => {
      session.set('a', 1)
      return 'ok'
    }
    await browser.fetch('/')
    app.calls.length = 0
    app.handler = async (session) => {
      const all = await session.all()
      await session.destroy()
      return all
    }
    const response = await onHttp(app, 'http://app.example/', browser.cookieHeader())
    expect(await response.json()).toEqual({})
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual([])
    expect(app.events.at(-1)).toEqual({ type: 'refused', reason: 'insecure' })
  })

  test('a request that does not use its session reports nothing', async () => {
    const app = newApp()
    await onHttp(app, 'http://app.example/')
    expect(app.events).toEqual([])
  })

  test.for([
    'http://localhost/',
    'http://localhost:8787/',
    'http://app.localhost:8787/',
    'http://127.0.0.1:8787/',
    'http://[::1]:8787/',
  ])('%s is this machine, and works', async (url) => {
    const app = newApp()
    app.handler = (session) => session.increment('n')
    const response = await onHttp(app, url)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test.for([
    'http://localhost.example/',
    'http://notlocalhost/',
    'http://127.0.0.1.example/',
    'http://app.example/localhost/',
    'http://app.example/?http://localhost/',
  ])('%s is another machine', async (url) => {
    const app = newApp()
    app.handler = (session) => session.increment('n')
    const response = await onHttp(app, url)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.calls).toEqual([])
  })

  test('a cookie that is declared insecure works', async () => {
    const app = newApp({ cookie: { name: 'session', secure: false } })
    app.handler = (session) => session.increment('n')
    const [setCookie] = (await onHttp(app, 'http://app.example/')).headers.getSetCookie()
    expect(setCookie).toMatch(/^session=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Priority=High$/)
  })
})
