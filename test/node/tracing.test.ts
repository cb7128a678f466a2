import assert from 'node:assert/strict'
import { createServer } from 'node:http'

import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

import { bundledWorker } from './bundled-worker.ts'
import { newPort } from './project.ts'
import { describe, it } from './suite.ts'

/** A span, as a streaming tail worker was told of it. */
interface Span {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly isClosed: boolean
}

type TailEvent = {
  readonly event: {
    readonly type: string
    readonly name?: string
    readonly spanId?: string
    readonly info?: readonly { readonly name: string; readonly value: unknown }[]
  }
  readonly spanContext: { readonly spanId?: string }
}

/** Sends all events of one invocation to this port, when it has ended. */
const tailOn = (port: number): string => `export default {
  tailStream(onset) {
    const events = [onset]
    return async (event) => {
      events.push(event)
      if (event.event.type !== 'outcome') return
      const body = JSON.stringify(events, (key, value) => typeof value === 'bigint' ? String(value) : value)
      await fetch('http://127.0.0.1:${port}/', { method: 'POST', body })
    }
  },
}`

/** A Worker with a streaming tail worker, or without one. */
class Traced {
  readonly #miniflare: Miniflare
  readonly #texts: string[]
  readonly #close: () => void
  #cookie = ''

  private constructor(miniflare: Miniflare, texts: string[], close: () => void) {
    this.#miniflare = miniflare
    this.#texts = texts
    this.#close = close
  }

  static async start(): Promise<Traced> {
    const port = await newPort()
    const texts: string[] = []
    const server = createServer((request, response) => {
      let text = ''
      request.on('data', (part: Buffer) => (text += part.toString()))
      request.on('end', () => {
        texts.push(text)
        response.end()
      })
    }).listen(port, '127.0.0.1')
    const common = { modules: true, compatibilityDate: '2026-11-01' }
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          {
            ...common,
            name: 'main',
            script: await bundledWorker('tracing-worker.ts'),
            compatibilityFlags: ['experimental'],
            kvNamespaces: ['SESSION_KV'],
            durableObjects: {
              SESSIONS: { className: 'SessionObject', useSQLite: true },
              USERS: { className: 'UserObject', useSQLite: true },
            },
            streamingTails: ['tail'],
          },
          {
            ...common,
            name: 'tail',
            script: tailOn(port),
            compatibilityFlags: ['experimental', 'streaming_tail_worker'],
          },
        ],
      }),
    )
    return new Traced(miniflare, texts, () => server.close())
  }

  /** Makes a request; returns its answer and the spans of ours, when the tail worker has told them. */
  async fetch(path: string): Promise<{ text: string; spans: Span[]; own: string }> {
    this.#texts.length = 0
    const headers = this.#cookie === '' ? {} : { cookie: this.#cookie }
    const response = await this.#miniflare.dispatchFetch(`https://app.example${path}`, { headers })
    const text = await response.text()
    for (const setting of response.headers.getSetCookie())
      [this.#cookie = ''] = setting.split(';', 1)
    let all: TailEvent[] | undefined
    while (all === undefined) {
      // The tail is told a moment later.
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setTimeout(resolve, 10))
      all = this.#texts
        .map((each) => JSON.parse(each) as TailEvent[])
        .find((events) => JSON.stringify(events[0]).includes('"type":"fetch"'))
    }
    const spans = spansOf(all)
    return { text, spans, own: JSON.stringify(spans) }
  }

  get secret(): string {
    return this.#cookie.slice(this.#cookie.indexOf('=') + 1)
  }

  async stop(): Promise<void> {
    this.#close()
    await this.#miniflare.dispose()
  }
}

/** The spans whose names are ours. The runtime's own have names of operations of the storage. */
function spansOf(events: readonly TailEvent[]): Span[] {
  const ours = events.filter(
    ({ event }) => event.type === 'spanOpen' && /^session(\.|$)/.test(event.name ?? ''),
  )
  return ours.map(({ event: { name = '', spanId } }) => {
    const own = events.filter(({ spanContext }) => spanContext.spanId === spanId)
    const attributes = own.flatMap(({ event: { type, info } }) =>
      type === 'attributes' ? (info ?? []).map((each) => [each.name, each.value] as const) : [],
    )
    return {
      name,
      attributes: Object.fromEntries(attributes),
      isClosed: own.some(({ event }) => event.type === 'spanClose'),
    }
  })
}

describe('traces of sessions (a streaming tail worker of workerd)', () => {
  it('have a span for each session and each call', async () => {
    const traced = await Traced.start()
    try {
      const set = await traced.fetch('/objects/set')
      const id = set.text
      assert.deepEqual(set.spans, [
        {
          name: 'session',
          attributes: {
            'session.id': id,
            'session.state': 'live',
            'session.calls': 1,
            'session.signed_in': false,
          },
          isClosed: true,
        },
        {
          name: 'session.create',
          attributes: {
            'session.store': 'durable-object',
            'session.operation': 'create',
            'session.id': id,
            'session.outcome': 'ok',
            'session.tries': 1,
          },
          isClosed: true,
        },
      ])
      const read = await traced.fetch('/objects/read')
      assert.deepEqual(read.spans[1], {
        name: 'session.read',
        attributes: {
          'session.store': 'durable-object',
          'session.operation': 'read',
          'session.id': id,
          'session.cache_hit': false,
          'session.rows': 1,
          'session.outcome': 'ok',
          'session.tries': 1,
        },
        isClosed: true,
      })
      const nothing = await traced.fetch('/objects/nothing')
      assert.deepEqual(
        nothing.spans.map(({ name, attributes }) => [name, attributes['session.calls']]),
        [['session', 0]],
      )
      await traced.fetch('/objects/out')
      const out = await traced.fetch('/objects/commit')
      assert.deepEqual(
        out.spans.map(({ name, isClosed }) => [name, isClosed]),
        [
          ['session', true],
          ['session.create', true],
        ],
      )
    } finally {
      await traced.stop()
    }
  })

  it('say that a copy answered, that a session is gone, and that a store failed', async () => {
    const traced = await Traced.start()
    try {
      await traced.fetch('/copies/set')
      await traced.fetch('/copies/read')
      const copied = await traced.fetch('/copies/read')
      assert.equal(copied.spans[1]?.attributes['session.cache_hit'], true)
      const other = await traced.fetch('/kv/read')
      // Its token is a minute old at most, and KV may not show it yet.
      assert.equal(other.spans[1]?.attributes['session.outcome'], 'unseen')
      assert.equal(other.spans[0]?.attributes['session.state'], 'unseen')
      const failing = await Traced.start()
      try {
        const failed = await failing.fetch('/failing/set')
        assert.equal(failed.spans[1]?.attributes['session.outcome'], 'failed')
        assert.equal(failed.spans[1]?.isClosed, true)
        assert.doesNotMatch(failed.own, /value-in-data/)
      } finally {
        await failing.stop()
      }
    } finally {
      await traced.stop()
    }
  })

  it('have no token, no user, no key and no value', async () => {
    const traced = await Traced.start()
    try {
      for (const layer of ['objects', 'copies', 'kv']) {
        for (const work of ['set', 'update', 'sign-in', 'read', 'out']) {
          if (layer === 'kv' && work === 'update') continue
          const before = traced.secret
          // oxlint-disable-next-line no-await-in-loop
          const { own, spans } = await traced.fetch(`/${layer}/${work}`)
          assert.ok(spans.length > 0)
          assert.doesNotMatch(own, /value-in-data|secret-key|the-user-ada/)
          for (const part of [before, traced.secret].flatMap((each) => each.split('.'))) {
            if (part.length > 8) assert.ok(!own.includes(part), `${layer} ${work}: ${own}`)
          }
        }
      }
    } finally {
      await traced.stop()
    }
  })
})
