import { sha256 } from '../codec/mac.ts'
import { secretFor } from '../codec/token.ts'
import { SessionError } from '../errors.ts'
import type { OldCookie, Takeover } from '../migrate/adoption.ts'
import type { Gone, WriteReply } from '../record/store.ts'
import type { KnownSession } from '../request/known-session.ts'
import type { Settings } from '../request/options.ts'
import type { SessionCalls } from '../request/session-calls.ts'
import type { Setup } from '../request/setup.ts'
import { isGone, isJustRotated } from '../request/store-reply.ts'
import type { TokenChange } from '../request/token-change.ts'
import { checkDetails, checkUserId, type SignInDetails } from '../session/account.ts'
import { newPatch, orThrow } from '../session/changes.ts'
import type { Snapshot } from '../session/data.ts'
import { FLASH, type Patch } from '../session/patch.ts'
import { nameOf } from '../session/session.ts'
import type { Values } from '../session/values.ts'

/** What `load` of an `adopt` gives: what the new session begins with. */
export interface Adopted<Data extends object> {
  /** The dictionary. Values are checked as `set` checks them. */
  readonly data?: Snapshot<Data>
  /** Messages for the visitor's next look, as by `flash`. */
  readonly flash?: Readonly<Record<string, unknown>>
  /** Who is signed in, as by `signIn`. */
  readonly userId?: string
  /** What `signIn` would be told. */
  readonly details?: SignInDetails
  /** When the user proved who they are. Default 1970: nobody knows, and `requireFresh` asks for it again. */
  readonly authenticatedAt?: Date
}

interface Parts {
  readonly settings: Settings<never>
  readonly setup: Setup
  readonly session: KnownSession
  readonly values: Values
  readonly calls: SessionCalls
  readonly change: TokenChange
}

type Candidate = readonly [takeover: Takeover<Adopted<object>>, text: string]

/** The cookies of old applications that one request came with, and what becomes of them. */
export class OldCookies {
  #candidates: readonly Candidate[]
  /** The Set-Cookie values that clear those which are done with. */
  readonly cleared: string[] = []

  constructor(takeovers: Setup['takeovers'], header: string) {
    this.#candidates = takeovers.flatMap((takeover) => {
      const text = takeover.find(header)
      return text === undefined ? [] : [[takeover, text] as const]
    })
  }

  /** Whether there is one that nobody has looked at. */
  get isPending(): boolean {
    return this.#candidates.length > 0
  }

  /**
   * Makes the session that one of them stands for. What can't be said now, because `load` or the store fails, throws
   * `ERR_STORE` and is asked again the next time; nothing is cleared then.
   */
  async settle(parts: Parts): Promise<void> {
    for (const candidate of this.#candidates) {
      // One after the other, since the first one mostly settles it.
      // oxlint-disable-next-line no-await-in-loop
      if (await this.#adopt(parts, candidate)) break
    }
    this.#candidates = []
  }

  /** Whether the visitor has a session now, or must not get one in this request. */
  async #adopt(parts: Parts, [takeover, text]: Candidate): Promise<boolean> {
    const { settings, calls, session } = parts
    const old = await takeover.verify(text, settings.now() / 1000)
    if (old === undefined) {
      settings.emit({ type: 'refused', reason: 'old-cookie' })
      return false
    }
    const loaded = await calls.caller.call(`${takeover.cookieName} cookie's`, 'load', () =>
      takeover.load(old.value),
    )
    if (loaded === undefined) return false
    session.mint(await credentialFor(parts, takeover, old))
    const reply = await create(parts, takeover, loaded)
    if (reply !== undefined && !isGone(reply)) {
      orThrow(reply)
      this.cleared.push(takeover.cleared)
      return true
    }
    session.mint(undefined)
    if (reply === undefined) return false
    if (isJustRotated(reply, session.presented.openedAt)) {
      session.standing = 'superseded'
      return true
    }
    this.cleared.push(takeover.cleared)
    settings.emit({ type: 'refused', reason: 'replayed' })
    return false
  }
}

/** Where the session of this old cookie rests, and its first secret, for whoever comes with it. */
async function credentialFor(
  { settings, setup }: Parts,
  { cookieName }: Candidate[0],
  { identity }: OldCookie,
): Promise<ReturnType<KnownSession['minted']>> {
  const { store, keyring } = setup
  // No cookie's name has a space.
  const key = await sha256(`adopt ${settings.cookie.name} ${cookieName} ${identity}`)
  const handle = store.handleFor?.(key) ?? store.newHandle()
  return { handle, secret: await secretFor(await keyring[0].keyFor('adoption'), handle) }
}

/** Asks the store for the session; `undefined` where the user may have no more of them. */
async function create(
  parts: Parts,
  { rememberSeconds }: Candidate[0],
  loaded: Adopted<object>,
): Promise<WriteReply | Gone | undefined> {
  const { settings, calls, values } = parts
  const onceUntil = settings.now() + rememberSeconds * 1000
  const patch = { ...newPatch({ set: textsOf(values, loaded) }), onceUntil }
  const { userId } = loaded
  return userId === undefined
    ? calls.adopt(patch)
    : createSignedIn(parts, patch, { ...loaded, userId })
}

async function createSignedIn(
  { calls, change }: Parts,
  patch: Patch,
  { userId, details = {}, authenticatedAt }: Adopted<object> & { readonly userId: string },
): Promise<WriteReply | Gone | undefined> {
  checkUserId(userId)
  checkDetails(details)
  try {
    const pending = await change.beginSignIn(userId, details, authenticatedAt?.getTime() ?? 0)
    const reply = await calls.adopt({ ...patch, signIn: pending.patch.signIn })
    if (!reply.ok) return reply
    change.note(pending)
    if (reply.createdAt === undefined) change.report()
    return reply
  } catch (error) {
    if (error instanceof SessionError && error.code === 'ERR_SESSION_LIMIT') return undefined
    throw error
  } finally {
    change.forget()
  }
}

/** The stored form of what a session begins with. Throws `ERR_VALUE`, as `set` and `flash` do. */
function textsOf(
  values: Values,
  { data = {}, flash = {} }: Adopted<object>,
): (readonly [name: string, text: string])[] {
  const own = entriesOf(data).map(
    ([key, value]) => [nameOf(key), values.encodeChecked(key, value)] as const,
  )
  const messages = entriesOf(flash).map(
    ([key, value]) => [nameOf(key, FLASH), values.encode(key, value)] as const,
  )
  return [...own, ...messages]
}

function entriesOf(values: object): [key: string, value: unknown][] {
  return Object.entries(values).filter(([, value]) => value !== undefined)
}
