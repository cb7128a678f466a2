import { describe, test } from 'vitest'

import type { CallContext, Credential, SessionStore } from '../../src/record/store.ts'
import { type StoreContractOptions, testStoreContract } from '../../src/testing/store-contract.ts'
import {
  newPatch,
  type RegisterTest,
  type Scene,
  sceneOf,
  setting,
} from '../../src/testing/store-contract/scene.ts'

export { ABSOLUTE, IDLE, MINUTE, TOUCH } from '../../src/testing/store-contract/scene.ts'
export { newPatch, setting }

/** Not in the past, where an object's alarm would ring at once. */
export const START: number = Date.now()

/** The contract of `SessionStore`, for one kind of store. */
export function describeStoreContract(
  name: string,
  options: Pick<StoreContractOptions, 'store' | 'dump' | 'sizes'>,
): void {
  describe(`a ${name} store`, () => {
    testStoreContract({ ...options, now: START, test, describe })
  })
}

const registerNothing: RegisterTest = () => undefined

function sceneFor(store: SessionStore): Scene {
  return sceneOf(store, START, registerNothing)
}

/** The context of a call so many milliseconds after the start, with these timeouts. */
export function momentAt(milliseconds: number, timeouts: Partial<CallContext> = {}): CallContext {
  return sceneFor({} as SessionStore).momentAt(milliseconds, timeouts)
}

export function newCredential(store: SessionStore): Credential {
  return sceneFor(store).newCredential()
}

/** Makes a session at the start, with these entries. */
export async function newSession(
  store: SessionStore,
  entries: Record<string, string> = {},
): Promise<Credential> {
  return sceneFor(store).newSession(entries)
}

/** The entries at a moment, which must be there. A moment soon after the last use records no use. */
export async function entriesOf(
  store: SessionStore,
  credential: Credential,
  moment?: CallContext,
): Promise<Record<string, string>> {
  return sceneFor(store).entriesOf(credential, moment)
}

/** Gives the session a new secret, which must work; the credential from now on. */
export async function regenerated(
  store: SessionStore,
  credential: Credential,
  moment?: CallContext,
): Promise<Credential> {
  return sceneFor(store).regenerated(credential, moment)
}
