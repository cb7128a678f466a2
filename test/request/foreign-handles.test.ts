import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { importKeyring } from '../../src/codec/keyring.ts'
import { newSecret, signToken } from '../../src/codec/token.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'

const NAME = '__Host-session'
const STORES = { object: undefined, memory: memoryStore(), kv: kvStore(env.SESSION_KV) }

test.for(Object.entries(STORES))(
  'a token of a former store is anonymous, with an event, whatever handles that store had (%s)',
  async ([, store]) => {
    const app = newApp(store === undefined ? {} : { store })
    app.handler = async (session) => [await session.all(), session.isNew, session.id]
    const keyring = await importKeyring([env.SESSION_SECRET])
    for (let length = 1; length <= 64; length += 1) {
      const token = { handle: 'h'.repeat(length), secret: newSecret() }
      // Old enough for every location of KV to know the session.
      const at = app.now - 60_000
      const times = { createdAt: at, usedAt: at }
      const cookie = `${NAME}=${await signToken(keyring, NAME, { ...token, ...times })}`
      const response = await app.browser().fetch('/', { headers: { cookie } })
      expect(await response.json()).toEqual([{}, true, expect.stringMatching(/^[0-9a-f]+$/)])
      expect(app.events.at(-1)).toMatchObject({ type: 'refused', reason: 'ended' })
    }
  },
)
