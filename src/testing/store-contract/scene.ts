import { newRandomText } from '../../codec/random.ts'
import type {
  Await,
  CallContext,
  Credential,
  SessionStore,
  WriteReply,
} from '../../record/store.ts'
import type { Changes, Patch } from '../../session/patch.ts'
import { assertEqual, assertMatches } from './assert.ts'

export const MINUTE = 60_000
export const DAY: number = 24 * 60 * MINUTE
export const IDLE: number = 30 * MINUTE
export const ABSOLUTE: number = 12 * 60 * MINUTE
export const TOUCH = 60_000
/** The maximum number of characters of a session's names and texts together. */
export const MAX_CHARACTERS = 8_000_000
/** The outcome of a patch without `take` and `increment`. */
export const NONE = { taken: [], counts: [] } as const

/** A function that registers a test, such as that of `node:test`, Vitest, Jest, Bun or Deno. */
export type RegisterTest = (name: string, run: () => Promise<void> | void) => unknown

/** The store under test, and helpers for the usual steps. */
export interface Scene {
  readonly store: SessionStore
  readonly dump: ((handle: string) => Promise<string>) | undefined
  /** The time at which sessions are created, in milliseconds since 1970. */
  readonly start: number
  readonly test: RegisterTest
  /** Registers a test if the condition is true. */
  readonly testIf: (condition: boolean, name: string, run: () => Promise<void>) => void
  /** Returns the context of a call this many milliseconds after the start, with these timeouts. */
  readonly momentAt: (milliseconds: number, timeouts?: Partial<CallContext>) => CallContext
  readonly newCredential: () => Credential
  /** Creates a session at the start. */
  readonly newSession: (entries?: Record<string, string>) => Promise<Credential>
  /** Returns the entries. Throws an error if there is no session. */
  readonly entriesOf: (
    credential: Credential,
    moment?: CallContext,
  ) => Promise<Record<string, string>>
  /** Replaces the secret, and returns the new credential. Throws an error if the store refuses. */
  readonly regenerated: (credential: Credential, moment?: CallContext) => Promise<Credential>
  /** Writes a new patch of these changes, at the start. */
  readonly writing: (credential: Credential, changes: Changes) => Await<WriteReply>
  /** Throws an error unless every use of the session gets the answer `expired`. */
  readonly assertExpired: (credential: Credential, moment: CallContext) => Promise<void>
  /** Returns the expected status: the last use and the revision, if the store has them. */
  readonly statusOf: (revision: number) => object
}

/** Returns a patch of these changes, with a new operation id. */
export function newPatch(changes: Changes): Patch {
  return { id: newRandomText(), ...changes }
}

/** Returns a patch that sets these entries. */
export function setting(entries: Record<string, string>): Patch {
  return newPatch({ set: Object.entries(entries) })
}

/** Returns the scene for a store. `start` is in milliseconds since 1970. */
export function sceneOf(
  store: SessionStore,
  start: number,
  test: RegisterTest,
  dump?: (handle: string) => Promise<string>,
): Scene {
  const momentAt: Scene['momentAt'] = (milliseconds, timeouts = {}) => ({
    now: start + milliseconds,
    idle: IDLE,
    absolute: ABSOLUTE,
    touch: TOUCH,
    ...timeouts,
  })
  const newCredential = (): Credential => ({ handle: store.newHandle(), secret: newRandomText() })
  return {
    store,
    dump,
    start,
    test,
    momentAt,
    newCredential,
    testIf(condition, name, run) {
      if (condition) test(name, run)
    },
    async newSession(entries = {}) {
      const credential = newCredential()
      const reply = await store.create(credential, momentAt(0), setting(entries))
      assertMatches(reply, { ok: true, ...NONE })
      return credential
    },
    async entriesOf(credential, moment = momentAt(0)) {
      const reply = await store.read(credential, moment)
      if (!reply.ok) throw new Error(`The read was refused: ${JSON.stringify(reply)}`)
      return reply.entries
    },
    async regenerated(credential, moment = momentAt(0)) {
      const secret = newRandomText()
      const reply = await store.regenerate(credential, moment, { secret })
      if (!reply.ok) throw new Error(`The regenerate was refused: ${JSON.stringify(reply)}`)
      return { handle: reply.handle, secret }
    },
    writing: (credential, changes) => store.write(credential, momentAt(0), newPatch(changes)),
    async assertExpired(credential, moment) {
      const expired = { ok: false, gone: 'expired' }
      assertEqual(await store.read(credential, moment), expired)
      assertEqual(await store.write(credential, moment, setting({ '=a': '2' })), expired)
      const renewed = await store.regenerate(credential, moment, { secret: newRandomText() })
      assertEqual(renewed, expired)
      assertEqual(await store.read(credential, moment), expired)
    },
    statusOf: (revision) => ({
      ...(store.can.recordUse && { usedAt: start }),
      ...(store.can.revise && { revision }),
    }),
  }
}
