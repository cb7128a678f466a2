import { sha256 } from '../codec/mac.ts'
import { secretFor } from '../codec/token.ts'
import { SessionError } from '../errors.ts'
import type { OldCookie, Takeover } from '../migrate/adoption.ts'
import { isGone } from '../record/meta.ts'
import type { Credential, WriteReply } from '../record/store.ts'
import type { FeatureSession, PendingToken } from '../request/feature.ts'
import { isJustRotated } from '../request/state.ts'
import { newPatch, orThrow } from '../session/changes.ts'
import type { Snapshot } from '../session/data.ts'
import { FLASH } from '../session/patch.ts'
import { encodeChecked, nameOf } from '../session/session.ts'

/** The result of an adoption's `load`: the new session's initial content. */
export interface Adopted<Data extends object> {
  /** The dictionary. Values are checked as `set` checks them. */
  readonly data?: Snapshot<Data>
  /** Messages for the visitor's next request, as by `flash`. */
  readonly flash?: Readonly<Record<string, unknown>>
  /** The signed-in user's id, as by `signIn`. Needs `accounts()` in `use`. */
  readonly userId?: string
  /** The details for `signIn`. */
  readonly details?: object
  /** The time of the last authentication. Default 1970: unknown, so `requireFresh` asks again. */
  readonly authenticatedAt?: Date
}

type Candidate = readonly [takeover: Takeover<Adopted<object>>, text: string]

/** The old applications' cookies of one request. */
export class OldCookies {
  #candidates: readonly Candidate[]

  constructor(takeovers: readonly Takeover<Adopted<object>>[], header: string) {
    this.#candidates = takeovers.flatMap((takeover) => {
      const text = takeover.find(header)
      return text === undefined ? [] : [[takeover, text] as const]
    })
  }

  /** True if a cookie has not been checked yet. */
  get isPending(): boolean {
    return this.#candidates.length > 0
  }

  /**
   * Makes a session from one of the cookies. If `load` or the store fails, throws `ERR_STORE`, clears nothing, and
   * tries again the next time.
   */
  async settle(session: FeatureSession): Promise<void> {
    for (const candidate of this.#candidates) {
      // In sequence, since the first one usually succeeds.
      // oxlint-disable-next-line no-await-in-loop
      if (await adopted(session, candidate)) break
    }
    this.#candidates = []
  }
}

/** Adopts a cookie. Returns true if the visitor now has a session, or must not get one in this request. */
async function adopted(session: FeatureSession, [takeover, text]: Candidate): Promise<boolean> {
  const { settings, arrival } = session
  const old = await takeover.verify(text, settings.now() / 1000)
  if (old === undefined) {
    settings.emit({ type: 'refused', reason: 'old-cookie' })
    return false
  }
  const loaded = await session.call(`${takeover.cookieName} cookie's`, 'load', () =>
    takeover.load(old.value),
  )
  if (loaded === undefined) return false
  session.mint(await credentialFor(session, takeover, old))
  const reply = await created(session, takeover, loaded)
  if (reply !== undefined && !isGone(reply)) {
    const { ok } = orThrow(reply)
    session.headers.push(['Set-Cookie', takeover.cleared])
    return ok
  }
  session.mint(undefined)
  if (reply === undefined) return false
  if (isJustRotated(reply, arrival.at)) {
    session.state = { is: 'superseded', token: undefined }
    return true
  }
  session.headers.push(['Set-Cookie', takeover.cleared])
  settings.emit({ type: 'refused', reason: 'replayed' })
  return false
}

/** Returns the handle and first secret of this old cookie's session, the same for every request with the cookie. */
async function credentialFor(
  { settings, store, keyring }: FeatureSession,
  { cookieName }: Takeover<unknown>,
  { identity }: OldCookie,
): Promise<Credential> {
  // No cookie's name has a space.
  const key = await sha256(`adopt ${settings.cookie.name} ${cookieName} ${identity}`)
  const handle = store.handleFor?.(key) ?? store.newHandle()
  return { handle, secret: await secretFor(await keyring[0].keyFor('adoption'), handle) }
}

/** Makes the session in the store. Returns `undefined` if the user already has the maximum number of sessions. */
async function created(
  session: FeatureSession,
  { rememberSeconds }: Takeover<unknown>,
  loaded: Adopted<object>,
): Promise<WriteReply | undefined> {
  const onceUntil = session.settings.now() + rememberSeconds * 1000
  const patch = { ...newPatch({ set: textsOf(session, loaded) }), onceUntil }
  try {
    const { signIn, ...rest } = await signInOf(session, loaded, onceUntil)
    return await session.adopt(session.minted(), { ...rest, patch: { ...patch, signIn } })
  } catch (error) {
    if (error instanceof SessionError && error.code === 'ERR_SESSION_LIMIT') return undefined
    throw error
  } finally {
    session.pending = undefined
  }
}

/** Returns false if the cookie has had its session, so that the creation will be refused. */
async function mayBegin(session: FeatureSession, onceUntil: number): Promise<boolean> {
  const { store } = session
  const reply = await session.call(store.name, 'read', (context) =>
    store.write(session.minted(), context, { id: '', onceUntil }),
  )
  // An object of the previous version does not tell.
  return !isGone(reply) || (reply.gone === 'ended' && reply.isSpent !== true)
}

/** Returns the session's sign-in, if there is one. */
async function signInOf(
  session: FeatureSession,
  { userId, details = {}, authenticatedAt }: Adopted<object>,
  onceUntil: number,
): Promise<Pick<PendingToken, 'secret' | 'note'> & Pick<PendingToken['patch'], 'signIn'>> {
  if (userId === undefined) return { secret: '', signIn: undefined }
  if (session.signIn === undefined) {
    throw new SessionError(
      'ERR_OPTION',
      'adopting(): load() returned a userId. Add accounts() of edge-session/accounts to use.',
    )
  }
  const provenAt = authenticatedAt?.getTime() ?? 0
  // An invalid date is unknown, too. JSON would turn its NaN into null, and the sign-in would count as fresh.
  const account = { userId, provenAt: Number.isFinite(provenAt) ? provenAt : 0 }
  const { patch, ...rest } = await session.signIn(session, account, details, () =>
    mayBegin(session, onceUntil),
  )
  return { ...rest, signIn: patch.signIn }
}

/** Returns the stored form of the initial content. Throws `ERR_VALUE`, as `set` and `flash` do. */
function textsOf(
  { dictionary }: FeatureSession,
  { data = {}, flash = {} }: Adopted<object>,
): (readonly [name: string, text: string])[] {
  const own = entriesOf(data).map(
    ([key, value]) => [nameOf(key), encodeChecked(dictionary, key, value)] as const,
  )
  const messages = entriesOf(flash).map(
    ([key, value]) => [nameOf(key, FLASH), dictionary.port.codec.encode(key, value)] as const,
  )
  return [...own, ...messages]
}

function entriesOf(values: object): [key: string, value: unknown][] {
  return Object.entries(values).filter(([, value]) => value !== undefined)
}
