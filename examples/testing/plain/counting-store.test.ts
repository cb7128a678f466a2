import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { SessionStore } from 'edge-session'
import { memoryStore } from 'edge-session/store/memory'
import { testStoreContract } from 'edge-session/testing/store-contract'

let reads = 0

/** The store to check: another store, whose reads are counted. */
function countingStore(store: SessionStore): SessionStore {
  return {
    ...store,
    read(credential, context) {
      reads += 1
      return store.read(credential, context)
    },
  }
}

describe('the contract of a store', () => {
  testStoreContract({ store: countingStore(memoryStore()), test, describe })
})

test('reads were counted', () => assert.ok(reads > 100))
