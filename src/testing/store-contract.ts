import type { SessionStore } from '../record/store.ts'
import { testAccounts } from './store-contract/accounts.ts'
import { testAddresses } from './store-contract/addresses.ts'
import { testAtomicWrites } from './store-contract/atomic.ts'
import { testCreates } from './store-contract/create.ts'
import { testDestroys } from './store-contract/destroy.ts'
import { testHandles } from './store-contract/handles.ts'
import { testIncrements } from './store-contract/increments.ts'
import { testOnce } from './store-contract/once.ts'
import { testOwnTimeouts } from './store-contract/own-timeouts.ts'
import { testReads } from './store-contract/read.ts'
import { testRegenerates } from './store-contract/regenerate.ts'
import { testRenewals } from './store-contract/renewal.ts'
import { testRepeats } from './store-contract/repeats.ts'
import { testRevisions } from './store-contract/revisions.ts'
import { type RegisterTest, type Scene, sceneOf } from './store-contract/scene.ts'
import { testSizes } from './store-contract/sizes.ts'
import { testTimeouts } from './store-contract/timeouts.ts'
import { testUses } from './store-contract/uses.ts'
import { testWrites } from './store-contract/write.ts'

export type { RegisterTest } from './store-contract/scene.ts'

/** The store to test, and the functions of the test runner. */
export interface StoreContractOptions {
  /** The store. Each test uses its own sessions, so a shared server is fine. */
  readonly store: SessionStore
  /** The runner's function that registers a test, such as `test` of `node:test` or Vitest. */
  readonly test: RegisterTest
  /** The runner's function that groups tests. If absent, the group is part of each test's name. */
  readonly describe?: ((name: string, register: () => void) => unknown) | undefined
  /**
   * Returns everything stored under a handle as text, or an empty text if nothing is. With it, the contract checks that
   * no secret is stored, and that nothing of a destroyed session remains.
   */
  readonly dump?: ((handle: string) => Promise<string>) | undefined
  /**
   * The time when the sessions begin, in milliseconds since 1970. Default now. Later calls use times up to 31 days
   * after it, so no test waits. A store that deletes data by its own clock needs the current time here.
   */
  readonly now?: number | undefined
  /** False to skip the tests with 8,000,000 characters, which are slow over a network. Default true. */
  readonly sizes?: boolean | undefined
}

type Section = readonly [name: string, register: (scene: Scene) => void, applies?: boolean]

/**
 * Registers the tests of the `SessionStore` contract, for the capabilities declared in `store.can`. A failed test
 * throws an `Error` that says what was expected.
 */
export function testStoreContract({
  store,
  test,
  describe,
  dump,
  now = Date.now(),
  sizes = true,
}: StoreContractOptions): void {
  for (const [name, register, applies = true] of sectionsOf(store, sizes)) {
    if (!applies) continue
    if (describe === undefined) {
      register(sceneOf(store, now, (title, run) => test(`${name}: ${title}`, run), dump))
    } else {
      describe(name, () => register(sceneOf(store, now, test, dump)))
    }
  }
}

function sectionsOf({ can }: SessionStore, sizes: boolean): Section[] {
  return [
    ['handles', testHandles],
    ['create', testCreates],
    ['read', testReads],
    ['write', testWrites],
    ['sizes', testSizes, sizes],
    ['timeouts', testTimeouts],
    ['timeouts of a session’s own', testOwnTimeouts],
    ['regenerate', testRegenerates],
    ['destroy', testDestroys],
    ['accounts', testAccounts],
    ['atomic writes', testAtomicWrites, can.atomic],
    ['increments', testIncrements, can.atomic],
    ['repeated operations', testRepeats, can.atomic],
    ['revisions', testRevisions, can.atomic && can.revise],
    ['renewal of secrets', testRenewals, can.atomic],
    ['recorded uses', testUses, can.recordUse],
    ['one session for a handle', testOnce, can.adopt],
    ['addresses', testAddresses, can.address],
  ]
}
