import { expect, test } from 'vitest'

import { once, type OnceMethods } from '../../src/once.ts'
import { newLiveSite, openSocket, openStream } from './support.ts'

test('a lease is no change for a page, and the changes of its function are one', async () => {
  const site = newLiveSite({ values: ['token'] }, { use: [once()] })
  const browser = site.browser()
  const run = (key: string, fn: (session: OnceMethods) => unknown): Promise<unknown> =>
    site.run(browser, (session) => {
      const own = session as typeof session & OnceMethods
      return own.once(key, () => fn(own)).catch(String)
    })
  await site.run(browser, (session) => session.set('a', 1))
  const [socket, stream] = [await openSocket(browser), await openStream(browser)]
  expect(await run('one', () => 1)).toBe(1)
  expect(await run('two', () => Promise.reject(new Error('no')))).toBe('Error: no')
  await site.run(browser, async (session) => {
    const own = session as typeof session & OnceMethods
    await own.once('three', () => session.set('token', 'r1'))
  })
  await site.run(browser, (session) => session.destroy())
  const changed = { type: 'changed', keys: ['token'], values: { token: 'r1' } }
  const ended = { type: 'ended', reason: 'destroyed' }
  expect(await socket.until(3)).toMatchObject([changed, ended, [4401]])
  expect(await stream.until(3)).toMatchObject([changed, ended, ['end']])
})

test('keys of any script reach the page', async () => {
  const site = newLiveSite({ values: ['ключ', 'é', '鍵"\n'] })
  const browser = site.browser()
  await site.run(browser, (session) => session.set('a', 1))
  const socket = await openSocket(browser)
  const values = { ключ: 'да', é: 1, '鍵"\n': 2 }
  await site.run(browser, (session) => {
    for (const [key, value] of Object.entries(values)) session.set(key, value)
  })
  expect(await socket.until(1)).toMatchObject([{ type: 'changed', values }])
})

test.for([
  ['a', 7996],
  ['é', 1332],
  ['漢', 1332],
] as const)(
  'no keys are too many for a socket without being too many for live(): %s',
  async ([character, most]) => {
    const user = '漢'.repeat(250) + character
    const tooMany = newLiveSite({ values: [character.repeat(most + 1)] })
    const wrong = tooMany.browser()
    await tooMany.run(wrong, (session) => session.signIn(user))
    await expect(openSocket(wrong)).rejects.toMatchObject({ code: 'ERR_OPTION' })

    const site = newLiveSite({ values: [character.repeat(most)] })
    const browser = site.browser()
    await site.run(browser, (session) => session.set('a', 1))
    const socket = await openSocket(browser)
    await site.run(browser, (session) => session.signIn(user))
    await site.run(browser, (session) => session.set('a', 2))
    expect(await socket.until(2)).toMatchObject([{ type: 'renewed' }, { type: 'changed' }])
  },
)

test('a socket that the page closes is closed', async () => {
  const site = newLiveSite()
  const browser = site.browser()
  await site.run(browser, (session) => session.set('a', 1))
  const socket = await openSocket(browser)
  socket.close()
  expect(await socket.until(1)).toEqual([[1005]])
})
