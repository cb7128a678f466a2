import { expect, test } from 'vitest'

import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'
import { lossyStore } from '../support/lossy-store.ts'

test('an increment whose answer was lost is not meant again once all was cleared', async () => {
  const lossy = lossyStore(memoryStore())
  const app = newApp({ store: lossy.store })
  const browser = app.browser()
  app.handler = (session) => session.set('n', 1)
  await browser.fetch('/')
  app.handler = async (session) => {
    lossy.losses = 1
    await session.increment('n').catch(() => undefined)
    session.clear()
    await session.commit()
    return session.increment('n')
  }
  expect(await browser.json('/')).toBe(1)
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({ n: 1 })
})

test('messages whose answer was lost are shown all the same once all was cleared', async () => {
  const lossy = lossyStore(memoryStore())
  const app = newApp({ store: lossy.store })
  const browser = app.browser()
  app.handler = (session) => session.flash('notice', 'Saved')
  await browser.fetch('/')
  app.handler = async (session) => {
    lossy.losses = 1
    const lost = await session.flashes().catch(({ code }: { code: unknown }) => code)
    session.clear()
    return [lost, await session.flashes()]
  }
  expect(await browser.json('/')).toEqual(['ERR_STORE', { notice: 'Saved' }])
  app.handler = (session) => session.flashes()
  expect(await browser.json('/')).toEqual({})
})
