import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { tracing } from '../../src/tracing.ts'
import { tracing as outside } from '../../src/tracing/outside.ts'
import { tracer, type Tracing } from '../../src/tracing/tracer.ts'
import { newApp } from '../support/app.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'

interface Noted {
  readonly name: string
  readonly parent: string | undefined
  readonly attributes: Record<string, unknown>
  isEnded: boolean
  /** What was set after the end. */
  readonly late: string[]
}

/** Spans as a runtime has them, simulated: the tests' own runtime traces nothing, and is too old for `withActiveSpan`. */
function newSpans({ isTraced = true } = {}): { readonly spans: Tracing; readonly noted: Noted[] } {
  const noted: Noted[] = []
  let active: string | undefined
  const start = (name: string): ReturnType<NonNullable<Tracing['startSpan']>> & { own: Noted } => {
    const own: Noted = { name, parent: active, attributes: {}, isEnded: false, late: [] }
    noted.push(own)
    return {
      own,
      isTraced,
      setAttribute: (key, value) => {
        // As a runtime has it: what comes after the end is lost.
        if (!own.isEnded) own.attributes[key] = value
        else own.late.push(key)
      },
      end() {
        if (own.isEnded) throw new Error('The span has ended before.')
        own.isEnded = true
      },
    }
  }
  return {
    noted,
    spans: {
      getActiveSpan: () => ({ isTraced, setAttribute: () => undefined }),
      startSpan: start,
      enterSpan: (name, callback) => {
        const span = start(name)
        const result = callback(span)
        const end = (): void => void (span.own.isEnded = true)
        if (result instanceof Promise) result.then(end, end)
        else end()
        return result
      },
      withActiveSpan: (span, callback) => {
        const before = active
        active = (span as ReturnType<typeof start>).own.name
        const result = callback()
        active = before
        return result
      },
    },
  }
}

test('the spans of the calls are inside that of the session, where the runtime can', async () => {
  const { spans, noted } = newSpans()
  const app = newApp({ store: memoryStore(), use: [tracer(spans)] })
  app.handler = (session) => session.increment('n')
  await app.browser().fetch('/')
  expect(noted.map(({ name, parent }) => [name, parent])).toEqual([
    ['session', undefined],
    ['session.create', 'session'],
  ])
  expect(noted.every(({ isEnded }) => isEnded)).toBe(true)
})

test('a call that is given up ends its span, and says so', async () => {
  const { spans, noted } = newSpans()
  const silent = new Promise<never>(() => undefined)
  const store = { ...memoryStore(), create: () => silent }
  const app = newApp({ store, storeTimeout: 0.01, use: [tracer(spans)] })
  app.handler = (session) => session.increment('n')
  expect((await app.browser().fetch('/')).status).toBe(503)
  await Promise.resolve()
  expect(noted[1]).toMatchObject({ isEnded: true, attributes: { 'session.outcome': 'timeout' } })
})

test('an update that lost says conflict, and the next one has the answer', async () => {
  const { spans, noted } = newSpans()
  const app = newApp({ store: durableObjectStore(env.SESSIONS), use: [tracer(spans)] })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  noted.length = 0
  let runs = 0
  app.handler = (session, request) =>
    session.update('a', async () => {
      runs += 1
      if (runs === 1) {
        const other = await app.sessions.open(new Request(request.url, request), {})
        other.set('a', 2)
        await app.sessions.commit(other, new Response())
      }
      return runs
    })
  await browser.fetch('/')
  const writes = noted.filter(({ name }) => name === 'session.write')
  expect(writes.map(({ attributes }) => attributes['session.outcome'])).toEqual([
    'ok',
    'conflict',
    'ok',
  ])
})

test.skipIf(MEMCACHED_PORT === 0)('a store that tries again counts its tries', async () => {
  const { spans, noted } = newSpans()
  const app = newApp({ store: memcachedStore(memcachedConnector()), use: [tracer(spans)] })
  const browser = app.browser()
  app.handler = (session) => session.set('n', 0)
  await browser.fetch('/')
  app.handler = (session) => session.load()
  await browser.fetch('/')
  noted.length = 0
  // After its write, what the first store has read of the session is old.
  const other = newApp({ store: memcachedStore(memcachedConnector()), clock: app })
  const same = other.browser()
  same.cookies.addAll(browser.cookies)
  other.handler = (session) => session.increment('n')
  await same.fetch('/')
  app.handler = (session) => session.increment('n')
  expect(await browser.json('/')).toBe(2)
  expect(noted.map(({ attributes }) => attributes['session.tries'])).toEqual([undefined, 2])
})

test('the span of a session that is committed within a wrapper ends with the wrapper', async () => {
  const { spans, noted } = newSpans()
  const app = newApp({ store: memoryStore(), use: [tracer(spans)] })
  const { commit, open, withSession } = app.sessions
  const fetch = withSession(async (request) => {
    await request.session.increment('n')
    const response = await commit(await open(request, {}), new Response('ok'))
    await request.session.load({ fresh: true })
    return response
  })
  await fetch(new Request('https://app.example/'), {})
  expect(noted.map(({ name }) => name)).toEqual(['session', 'session.create', 'session.read'])
  expect(noted[0]).toMatchObject({ isEnded: true, attributes: { 'session.calls': 2 } })
})

test('the span of a session with a wrapper inside another ends with the outer one', async () => {
  const { spans, noted } = newSpans()
  const app = newApp({ store: memoryStore(), use: [tracer(spans)] })
  const { withSession } = app.sessions
  const inner = withSession(async ({ session }) => Response.json(await session.increment('n')))
  const fetch = withSession(async (request) => {
    const response = await inner(request, {})
    await request.session.increment('n')
    return response
  })
  await fetch(new Request('https://app.example/'), {})
  expect(noted[0]).toMatchObject({
    name: 'session',
    isEnded: true,
    late: [],
    attributes: { 'session.calls': 2 },
  })
})

test('the span of a session that is opened and committed twice ends once', async () => {
  const { spans, noted } = newSpans()
  const app = newApp({ store: memoryStore(), use: [tracer(spans)] })
  const { commit, open } = app.sessions
  const session = await open(new Request('https://app.example/'), {})
  await session.increment('n')
  for (let round = 0; round < 2; round += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await commit(session, new Response('ok'))
  }
  expect(noted[0]).toMatchObject({ isEnded: true, late: [] })
})

test('the span of a read says if a copy answered, and how many entries', async () => {
  const { spans, noted } = newSpans()
  const store = cached(memoryStore(), { maxAgeSeconds: 20 })
  const app = newApp({ store, use: [tracer(spans)] })
  const browser = app.browser()
  app.handler = (session) => session.increment('n')
  await browser.fetch('/')
  app.handler = (session) => session.all()
  await browser.fetch('/')
  await browser.fetch('/')
  const reads = noted.filter(({ name }) => name === 'session.read')
  expect(reads.at(-1)?.attributes).toMatchObject({ 'session.cache_hit': true, 'session.rows': 1 })
})

test('the span of a visitor without a session names none', async () => {
  const { spans, noted } = newSpans()
  const app = newApp({ store: memoryStore(), use: [tracer(spans)] })
  app.handler = () => 'hello'
  const browser = app.browser()
  await browser.fetch('/')
  expect(Object.keys(noted[0]?.attributes ?? {})).not.toContain('session.id')
  app.handler = (session) => session.increment('n').then(() => session.id)
  const id = await browser.json('/')
  expect(noted[1]?.attributes).toMatchObject({ 'session.id': id })
})

test('nothing is noted in a request that is not traced', async () => {
  const { spans, noted } = newSpans({ isTraced: false })
  const app = newApp({ store: memoryStore(), use: [tracer(spans)] })
  app.handler = (session) => session.increment('n')
  expect(await app.browser().json('/')).toBe(1)
  expect(noted).toEqual([])
})

test.for([
  ['a runtime without spans', () => tracer(undefined)],
  ['an older runtime', () => tracer({ enterSpan: newSpans().spans.enterSpan })],
  ['another runtime', outside],
  ['this runtime, where nothing traces', tracing],
] as const)('sessions work as ever: %s', async ([, feature]) => {
  const app = newApp({ store: memoryStore(), use: [feature()] })
  const browser = app.browser()
  app.handler = (session) => session.increment('n')
  expect(await browser.json('/')).toBe(1)
  expect(await browser.json('/')).toBe(2)
})
