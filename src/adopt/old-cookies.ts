import type { SigningKey } from '../codec/keyring.ts'
import { sha256 } from '../codec/mac.ts'
import { secretFor } from '../codec/token.ts'
import { SessionError } from '../errors.ts'
import type { OldCookie, Takeover } from '../migrate/adoption.ts'
import { isGone } from '../record/meta.ts'
import type { Credential, WriteReply } from '../record/store.ts'
import type { FeatureSession, PendingToken } from '../request/feature.ts'
import { isJustRotated } from '../request/state.ts'
import { newPatch, orThrow } from '../session/changes.ts'
import { type Adopted, isUnstorable, textsOf, unstorableIn } from './content.ts'

interface Candidate {
  readonly takeover: Takeover<Adopted<object>>
  /** Returns the cookie's text. Throws the error of `find`. */
  readonly text: () => string
  /** The request's Cookie header. */
  readonly header: string
}

/** The old applications' cookies of one request. */
export class OldCookies {
  #candidates: readonly Candidate[]

  constructor(takeovers: readonly Takeover<Adopted<object>>[], header: string) {
    this.#candidates = takeovers.flatMap((takeover) => candidateOf(takeover, header) ?? [])
  }

  /** True if a cookie has not been checked yet. */
  get isPending(): boolean {
    return this.#candidates.length > 0
  }

  /**
   * Makes a session from one of the cookies. If the adoption or the store fails, or `load` returned a value that cannot
   * be stored, it throws `ERR_STORE` and clears nothing, and the next request tries again.
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

/**
 * Returns the old cookie, or `undefined` if the request has none. If `find` throws, the error is thrown when the text
 * is read.
 */
function candidateOf(takeover: Takeover<Adopted<object>>, header: string): Candidate | undefined {
  try {
    const text = takeover.find(header)
    return text === undefined ? undefined : { takeover, header, text: () => text }
  } catch (error) {
    const text = (): never => {
      throw error
    }
    return { takeover, header, text }
  }
}

/** Adopts a cookie. Returns true if the visitor now has a session, or must not get one in this request. */
async function adopted(session: FeatureSession, candidate: Candidate): Promise<boolean> {
  const { takeover, text } = candidate
  const { settings, arrival } = session
  const ask = async <T>(run: () => Promise<T>): Promise<T> =>
    session.call(`${takeover.cookieName} cookie's`, 'load', run)
  const old = await ask(async () => takeover.verify(text(), settings.now() / 1000))
  if (old === undefined) {
    settings.emit({ type: 'refused', reason: 'old-cookie' })
    return false
  }
  // A database's null is an absent row too.
  const loaded = (await ask(async () => takeover.load(old.value))) ?? undefined
  if (loaded === undefined) return false
  const make = async ([key, ...others]: readonly SigningKey[]): Promise<WriteReply | undefined> => {
    session.mint(key && (await credentialFor(session, takeover, old, key)))
    const reply = await created(session, takeover, loaded)
    // During a rotation of the keys, another machine may have made it with an older or newer one.
    return others.length > 0 && reply !== undefined && isGone(reply) ? make(others) : reply
  }
  const reply = await make(session.keyring).catch((cause: unknown) => {
    if (!isUnstorable(cause)) throw cause
    const keys = unstorableIn(loaded, session)
    settings.emit({ type: 'adoption-failed', keys, id: session.id })
    const what = keys.length === 0 ? '' : `: ${keys.map((key) => JSON.stringify(key)).join(', ')}`
    // Names the keys, which the message of the store's own error does not show.
    const error = new SessionError(
      'ERR_STORE',
      `The ${takeover.cookieName} cookie's store failed to load the session: load() returned a value that cannot be stored${what}`,
      { cause },
    )
    return ask<undefined>(() => Promise.reject(error))
  })
  if (reply !== undefined && !isGone(reply)) {
    clear(session, candidate)
    return true
  }
  session.mint(undefined)
  if (reply === undefined) return false
  if (isJustRotated(reply, arrival.at)) {
    session.state = { is: 'superseded', token: undefined }
    return true
  }
  clear(session, candidate)
  settings.emit({ type: 'refused', reason: 'replayed' })
  return false
}

/** Clears the old cookie in the response. */
function clear({ headers }: FeatureSession, { takeover, header }: Candidate): void {
  for (const setCookie of takeover.cleared(header)) headers.push(['Set-Cookie', setCookie])
}

/**
 * Returns the handle and first secret of the session for this old cookie, the same for every request with the cookie.
 */
async function credentialFor(
  { settings, store }: FeatureSession,
  { cookieName }: Takeover<unknown>,
  { identity }: OldCookie,
  { keyFor }: SigningKey,
): Promise<Credential> {
  // Cookie names cannot contain a space.
  const key = await sha256(`adopt ${settings.cookie.name} ${cookieName} ${identity}`)
  const handle = store.handleFor?.(key) ?? store.newHandle()
  return { handle, secret: await secretFor(await keyFor('adoption'), handle) }
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
    const reply = await session.adopt(session.minted(), { ...rest, patch: { ...patch, signIn } })
    if (!isGone(reply)) orThrow(reply)
    return reply
  } catch (error) {
    if (error instanceof SessionError && error.code === 'ERR_SESSION_LIMIT') return undefined
    throw error
  } finally {
    session.pending = undefined
  }
}

/** Returns false if the cookie has already had its session, so that the creation would be refused. */
async function mayBegin(session: FeatureSession, onceUntil: number): Promise<boolean> {
  const { store } = session
  const reply = await session.call(store.name, 'read', (context) =>
    store.write(session.minted(), context, { id: '', onceUntil }),
  )
  // An object of the previous version does not tell.
  return !isGone(reply) || (reply.gone === 'ended' && reply.isSpent !== true)
}

/** Returns the sign-in of the session, if there is one. */
async function signInOf(
  session: FeatureSession,
  { userId: givenId, details, authenticatedAt }: Adopted<object>,
  onceUntil: number,
): Promise<Pick<PendingToken, 'secret' | 'note'> & Pick<PendingToken['patch'], 'signIn'>> {
  const userId = givenId ?? undefined
  if (userId === undefined) return { secret: '', signIn: undefined }
  if (session.signIn === undefined) {
    throw new SessionError(
      'ERR_OPTION',
      'adopting(): load() returned a userId, which needs accounts() of edge-session/accounts in use.',
    )
  }
  const provenAt = authenticatedAt?.getTime() ?? 0
  // An invalid date counts as unknown too. JSON would turn its NaN into null, and the sign-in would count as fresh.
  const account = { userId, provenAt: Number.isFinite(provenAt) ? provenAt : 0 }
  const { patch, ...rest } = await session.signIn(session, account, details ?? {}, () =>
    mayBegin(session, onceUntil),
  )
  return { ...rest, signIn: patch.signIn }
}
