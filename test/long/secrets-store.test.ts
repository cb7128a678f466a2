import assert from 'node:assert/strict'

import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

import { bundledWorker } from '../node/bundled-worker.ts'
import { describe, it } from '../node/suite.ts'

const [OLD, NEW] = ['old '.repeat(10).replaceAll(' ', '-'), 'new '.repeat(10).replaceAll(' ', '-')]
/** The three steps of docs/keys.md after the beginning: known, in use, alone. */
const STEPS = [OLD, `${OLD} ${NEW}`, `${NEW} ${OLD}`, NEW] as const
const MINUTE = 60_000
/** The clock moves by so much between two batches, so that each step takes longer than the five minutes of a reading. */
const BATCHES_A_STEP = 50
const BATCH = 50
const ISOLATES = ['one', 'other'] as const

interface Answer {
  /** How many requests found their session. */
  readonly known: number
  readonly cookie: string
  readonly events: readonly string[]
}

async function start(): Promise<Miniflare> {
  const script = await bundledWorker('rotation-worker.ts')
  const secret = { store_id: 'store', secret_name: 'session-secrets' }
  const worker = (name: string, scriptName?: string): object => ({
    name,
    modules: true,
    script,
    compatibilityDate: '2026-11-01',
    secretsStoreSecrets: { SESSION_SECRETS: secret },
    durableObjects: {
      SESSIONS: {
        className: 'SessionObject',
        useSQLite: true,
        ...(scriptName === undefined ? {} : { scriptName }),
      },
    },
  })
  return new Miniflare(
    convertV4MiniflareOptions({ workers: [worker('one'), worker('other', 'one')] } as never),
  )
}

describe('secrets in a Secrets Store (Miniflare’s)', () => {
  it('are rotated in three steps without a deployment: of 10,000 requests no cookie is refused', async () => {
    const miniflare = await start()
    try {
      const admin = (await miniflare.getSecretsStoreSecretAPI('SESSION_SECRETS', 'one'))()
      const id = await admin.create(STEPS[0])
      const workers = await Promise.all(ISOLATES.map((name) => miniflare.getWorker(name)))
      const begin = Date.now()
      const events: string[] = []
      let cookie = ''
      let known = 0
      let batches = 0
      for (const secrets of STEPS) {
        await admin.update(secrets, id)
        for (let each = 0; each < BATCHES_A_STEP; each += 1) {
          const now = begin + batches * MINUTE
          const [worker] = batches % 2 === 0 ? workers : workers.toReversed()
          const headers = cookie === '' ? {} : { cookie }
          const url = `https://app.example/?count=${BATCH}&now=${now}`
          const answer = (await (await worker?.fetch(url, { headers }))?.json()) as Answer
          events.push(...answer.events)
          cookie = answer.cookie
          known += answer.known
          batches += 1
        }
      }
      assert.equal(known, 10_000)
      // By turns in two isolates: while one has not read the new order yet, it signs with the former key.
      assert.deepEqual(
        [...new Set(events)].toSorted(),
        ['created', 're-signed'],
        'No cookie was refused, and no reading failed.',
      )
      assert.equal(events.filter((type) => type === 'created').length, 1)
    } finally {
      await miniflare.dispose()
    }
  })
})
