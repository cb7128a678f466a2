import assert from 'node:assert/strict'

import { explore } from '../simulation/exhaustive-threads.ts'
import type { Triple } from '../simulation/exhaustive.ts'
import { describe, it } from './suite.ts'

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

describe('three requests in every order of their calls', () => {
  const triples = Object.entries(TRIPLES)
  for (const store of ['memory', 'objects'] as const) {
    const exploration = explore({ store, triples })
    for (const [name] of triples) {
      it(`are right on ${store}: requests ${name}`, async (test) => {
        const explored = (await exploration).get(name)
        assert.ok(explored !== undefined)
        const { faults, order, interleavings } = explored
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
  for (const [planted, name] of Object.entries(FOUND)) {
    it(`would show a fault: ${planted}`, async () => {
      const wrong = triples.filter((triple) => triple[0] === name)
      const explored = (await explore({ store: 'memory', triples: wrong, planted })).get(name)
      assert.notDeepEqual(explored?.faults ?? [], [])
    })
  }
})
