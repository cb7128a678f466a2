import { expect, test } from 'vitest'

import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'

test('a call that is given up aborts its signal, with the reason; one that is answered does not', async () => {
  const store = memoryStore()
  const signals: (AbortSignal | undefined)[] = []
  const patient = newApp({
    store: {
      ...store,
      create: (credential, context, patch) => {
        signals.push(context.signal?.())
        return store.create(credential, context, patch)
      },
    },
  })
  patient.handler = (session) => session.set('a', 1)
  const visitor = patient.browser()
  await visitor.fetch('/')
  const app = newApp({
    store: {
      ...store,
      read: (_, { signal }) => {
        signals.push(signal?.())
        return new Promise(() => undefined)
      },
    },
    storeTimeout: 0.01,
  })
  app.handler = (session) => session.load().then(String, () => 'given up')
  const browser = app.browser()
  browser.cookies.addAll(visitor.cookies)
  expect(await browser.json('/')).toBe('given up')
  expect(signals.map((signal) => signal?.aborted)).toEqual([false, true])
  expect(signals[1]?.reason).toEqual(new Error('There was no answer within 10 ms.'))
})
