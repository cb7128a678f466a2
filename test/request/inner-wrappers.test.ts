import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { createSessions, type Session } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { Browser } from '../support/browser.ts'

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }
const STORES = {
  objects: () => durableObjectStore(env.SESSIONS),
  memory: () => memoryStore(),
  kv: () => kvStore(env.SESSION_KV),
}

type Work = (session: Session) => unknown

/** One layer, and a wrapper within a wrapper over the same request. */
function nested(store = memoryStore()) {
  const sessions = createSessions({ secrets: [env.SESSION_SECRET], store, use: [accounts()] })
  const { withSession } = sessions
  const visit = async (
    outer: (session: Session, inner: (work: Work) => Promise<Response>) => unknown,
  ) => {
    const fetch = withSession(async (request) => {
      const inner = (work: Work): Promise<Response> =>
        withSession(async (again) => (await work(again.session)) ?? null)(request, {}, CONTEXT)
      return (await outer(request.session, inner)) ?? null
    })
    return new Browser((request) => fetch(request, {}, CONTEXT), undefined)
  }
  const browser = async (outer: Parameters<typeof visit>[0], from?: Browser): Promise<Browser> => {
    const next = await visit(outer)
    if (from !== undefined) next.cookies.addAll(from.cookies)
    return next
  }
  /** What a later request of the same browser finds. */
  const found = async (from: Browser): Promise<unknown> =>
    (await browser((session) => session.all(), from)).json('/')
  return { withSession, browser, found }
}

const failing: Work = (session) => {
  session.set('inner', 1)
  session.delete('kept')
  throw new Error('inner')
}

describe.for(Object.entries(STORES))('an inner handler that throws, on %s', ([, newStore]) => {
  test('drops what it recorded, and nothing of the outer one', async () => {
    const { browser, found } = nested(newStore())
    const one = await browser(async (session, inner) => {
      session.set('kept', 1)
      session.set('changed', 1)
      await inner((same) => {
        same.set('changed', 2)
        return failing(same)
      }).catch(() => undefined)
      session.set('after', 1)
      return 'fine'
    })
    expect((await one.fetch('/')).status).toBe(200)
    expect(await found(one)).toEqual({ kept: 1, changed: 1, after: 1 })
  })

  test('takes back its clear, and a read sees so', async () => {
    const { browser, found } = nested(newStore())
    const first = await browser((session) => {
      session.set('stored', 1)
      return 'ok'
    })
    await first.fetch('/')
    const one = await browser(async (session, inner) => {
      session.set('outer', 1)
      await inner((same) => {
        same.clear()
        return failing(same)
      }).catch(() => undefined)
      return session.all()
    }, first)
    expect(await one.json('/')).toEqual({ stored: 1, outer: 1 })
    expect(await found(one)).toEqual({ stored: 1, outer: 1 })
  })

  test('does not take back what it has committed', async () => {
    const { browser, found } = nested(newStore())
    const one = await browser(async (session, inner) => {
      session.set('kept', 1)
      await inner(async (same) => {
        same.set('kept', 2)
        await same.commit()
        return failing(same)
      }).catch(() => undefined)
      return session.get('kept')
    })
    expect(await one.json('/')).toBe(2)
    // KV takes one write a second for a key, and this one was written.
    expect(await found(one)).toEqual({ kept: 2 })
  })
})

describe.for(Object.entries({ objects: STORES.objects, memory: STORES.memory }))(
  'two wrappers at once over one request, on %s',
  ([, newStore]) => {
    test('save what each answered, before it is answered, and send one cookie each', async () => {
      const { withSession, found } = nested(newStore())
      const request = new Request('https://app.example/')
      const gate = Promise.withResolvers<undefined>()
      const route = (key: string, wait: Promise<unknown>): Promise<Response> =>
        withSession(async ({ session }) => {
          await wait
          session.set(key, 1)
          return key
        })(request, {}, CONTEXT)
      const slow = route('slow', gate.promise)
      const quick = await route('quick', scheduler.wait(1))
      const browser = new Browser(() => Promise.resolve(quick))
      await browser.fetch('/')
      expect(await found(browser)).toEqual({ quick: 1 })
      expect(quick.headers.getSetCookie()).toHaveLength(1)
      gate.resolve(undefined)
      expect((await slow).status).toBe(200)
      expect(await found(browser)).toEqual({ quick: 1, slow: 1 })
    })
  },
)

test('two wrappers at once over one request: the one that began first may end first, or fail', async () => {
  const { withSession, found } = nested()
  const request = new Request('https://app.example/')
  const gate = Promise.withResolvers<undefined>()
  const first = withSession(async ({ session }) => {
    session.set('first', 1)
    await scheduler.wait(1)
    return 'first'
  })(request, {}, CONTEXT)
  const second = withSession(async ({ session }) => {
    session.set('second', 1)
    await gate.promise
    throw new Error('second')
  })(request, {}, CONTEXT)
  const answered = await first
  const browser = new Browser(() => Promise.resolve(answered))
  await browser.fetch('/')
  expect(await found(browser)).toMatchObject({ first: 1 })
  gate.resolve(undefined)
  await expect(second).rejects.toThrow('second')
  expect(await found(browser)).toMatchObject({ first: 1 })
})

test('two wrappers at once over one request: one that fails drops nothing of the other', async () => {
  const { withSession, found } = nested()
  const request = new Request('https://app.example/')
  const gate = Promise.withResolvers<undefined>()
  const first = withSession(async () => {
    await scheduler.wait(1)
    throw new Error('first')
  })(request, {}, CONTEXT)
  const other = withSession(async ({ session }) => {
    session.set('other', 1)
    await gate.promise
    return 'other'
  })(request, {}, CONTEXT)
  await expect(first).rejects.toThrow('first')
  gate.resolve(undefined)
  const answered = await other
  const browser = new Browser(() => Promise.resolve(answered))
  await browser.fetch('/')
  expect(await found(browser)).toEqual({ other: 1 })
})

test('an inner handler whose write fails answers 503, and the outer one saves its own', async () => {
  const store = memoryStore()
  let isDown = false
  const unsteady = {
    ...store,
    create: (...parameters: Parameters<typeof store.create>) => {
      if (isDown) throw new Error('down')
      return store.create(...parameters)
    },
  }
  const { browser, found } = nested(unsteady)
  const one = await browser(async (session, inner) => {
    session.set('outer', 1)
    isDown = true
    const { status } = await inner((same) => same.set('inner', 1))
    isDown = false
    return status
  })
  expect(await one.json('/')).toBe(503)
  expect(await found(one)).toEqual({ outer: 1 })
})

test('an inner handler writes only what it recorded itself: an outer one that throws then saves nothing', async () => {
  const { browser, found } = nested()
  const first = await browser((session) => {
    session.set('stored', 1)
    return 'ok'
  })
  await first.fetch('/')
  const one = await browser(async (session, inner) => {
    session.set('outer', 1)
    await inner((same) => {
      same.set('inner', 1)
      return 'ok'
    })
    throw new Error('outer')
  }, first)
  await expect(one.fetch('/')).rejects.toThrow('outer')
  expect(await found(one)).toEqual({ stored: 1, inner: 1 })
})
