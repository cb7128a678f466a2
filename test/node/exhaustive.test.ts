import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { exploreAll, type Triple } from '../simulation/exhaustive.ts'
import { loadLibrary } from '../simulation/library.ts'
import { PLANTED } from '../simulation/planted.ts'
import { describe, it } from './suite.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Three requests with one session, in which `s` is a text and `n` is 1. */
const TRIPLES: Readonly<Record<string, Triple>> = {
  'that count and write': [
    [
      { does: 'get', key: 'n' },
      { does: 'increment', key: 'n' },
      { does: 'set', key: 's' },
    ],
    [
      { does: 'get', key: 's' },
      { does: 'increment', key: 'n' },
      { does: 'set', key: 's' },
    ],
    [
      { does: 'get', key: 's' },
      { does: 'increment', key: 'n' },
      { does: 'delete', key: 's' },
    ],
  ],
  'that update and take': [
    [
      { does: 'get', key: 's' },
      { does: 'update', key: 's' },
    ],
    [
      { does: 'take', key: 's' },
      { does: 'set', key: 't' },
    ],
    [
      { does: 'get', key: 't' },
      { does: 'update', key: 's' },
    ],
  ],
  'of which one gets a new token': [
    [{ does: 'get', key: 'n' }, { does: 'regenerate' }, { does: 'set', key: 's' }],
    [
      { does: 'get', key: 's' },
      { does: 'increment', key: 'n' },
      { does: 'set', key: 't' },
    ],
    [
      { does: 'get', key: 'n' },
      { does: 'update', key: 's' },
    ],
  ],
  'of which one ends the session': [
    [
      { does: 'get', key: 'n' },
      { does: 'increment', key: 'n' },
      { does: 'set', key: 's' },
    ],
    [{ does: 'get', key: 's' }, { does: 'destroy' }],
    [
      { does: 'increment', key: 'n' },
      { does: 'set', key: 't' },
    ],
  ],
  'of which two sign different users in': [
    [
      { does: 'signIn', user: 'ada' },
      { does: 'set', key: 's' },
    ],
    [
      { does: 'get', key: 's' },
      { does: 'signIn', user: 'bob' },
      { does: 'set', key: 't' },
    ],
    [
      { does: 'get', key: 's' },
      { does: 'increment', key: 'n' },
    ],
  ],
  'of which one clears everything': [
    [{ does: 'get', key: 's' }, { does: 'clear' }],
    [
      { does: 'increment', key: 'n' },
      { does: 'set', key: 's' },
    ],
    [
      { does: 'get', key: 'n' },
      { does: 'delete', key: 'n' },
    ],
  ],
}

describe('three requests in every order of their calls', async () => {
  const version = await loadLibrary(ROOT)
  for (const store of ['memory', 'objects'] as const) {
    for (const [name, triple] of Object.entries(TRIPLES)) {
      it(`are right on ${store}: requests ${name}`, async (test) => {
        const { faults, order, interleavings } = await exploreAll(version, store, triple)
        assert.deepEqual(faults, [], `in the order ${order.join(' ')}`)
        test.diagnostic(`${interleavings} interleavings`)
        assert.ok(interleavings >= 20)
      })
    }
  }

  const FOUND: Readonly<Record<string, string>> = {
    'an update is written over whatever came first': 'that update and take',
    'a token that was replaced is accepted': 'of which one gets a new token',
    'a taken value stays': 'that update and take',
  }
  for (const [name, triple] of Object.entries(FOUND)) {
    it(`would show a fault: ${name}`, async () => {
      const planted = PLANTED.find((each) => each.name === name)
      assert.ok(planted !== undefined)
      const wrong = await loadLibrary(ROOT, planted)
      const { faults } = await exploreAll(wrong, 'memory', TRIPLES[triple] ?? [[], [], []])
      assert.notDeepEqual(faults, [])
    })
  }
})
