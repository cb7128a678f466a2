import { type CookieAttributes, serializeCookie } from '../codec/cookie.ts'
import { SessionError } from '../errors.ts'
import { isGone } from '../record/meta.ts'
import type { BindingCall, BindingReply, DeviceKey, ProveRequest } from '../record/store.ts'
import type { FeatureSession } from '../request/feature.ts'
import { openStamp, stamped } from './challenge.ts'
import type { BoundSettings } from './options.ts'
import { isSignedBy, parseProof, type Proof, PROOF_HEADER, unquoted } from './proof.ts'

/** How long after the sign-in a browser may register. Creating a key in a TPM takes some seconds. */
export const REGISTRATION_MS = 300_000
/**
 * How long a challenge remains valid after the cookie that came with it. After that, the browser gets a new challenge.
 */
const LATE_MS = 300_000
const HANDLE = /^[\w-]{22,64}$/

/** Returns the response to a request of the browser. */
export type Endpoint = (session: FeatureSession, options: BoundSettings) => Promise<Response>

/** Binds the session named in the challenge. */
export const register: Endpoint = async (session, options) => {
  const { request, settings, store } = session
  const proof = parseProof(request, options.algorithms, true)
  const stamp = await openStamp(session, 'register', proof?.challenge)
  if (proof === undefined) return refused(session, 'proof')
  if (stamp === undefined || settings.now() - stamp.at > REGISTRATION_MS) {
    return refused(session, 'challenge', stamp?.handle)
  }
  const { handle, at: signedInAt } = stamp
  // This browser now has another session, and must keep that session's device cookie.
  if (await isOfAnother(session, handle)) return refused(session, 'challenge', handle)
  const key = proof.key as DeviceKey
  if (!(await isSignedBy(key, proof))) return refused(session, 'proof', handle)
  const reply = await ask(session, handle, { method: 'bind', about: { signedInAt, key } })
  if (isGone(reply) || reply.refused !== undefined) return refused(session, 'challenge', handle)
  settings.emit({ type: 'bound', id: store.idOf(handle) })
  return accepted(session, options, handle, signedInAt)
}

/** Gives the next cookie to a device that proves its key. */
export const refresh: Endpoint = async (session, options) => {
  const { request, settings, store } = session
  const handle = unquoted(request.headers.get('sec-secure-session-id'))
  if (handle === '') return refused(session, 'proof')
  // An invalid handle has no session. A handle other than that of the session cookie is from an earlier sign-in of this
  // browser, and its cookie would replace the current one.
  if (!HANDLE.test(handle) || (await isOfAnother(session, handle))) return ended(handle)
  const proof = parseProof(request, options.algorithms, false)
  const about = await provenIn(session, options, { handle, proof })
  const reply = await ask(session, handle, { method: 'prove', about })
  const id = store.idOf(handle)
  if (isGone(reply)) {
    settings.emit({ type: 'bound-ended', id })
    return ended(handle)
  }
  const { refused: why, provenAt = 0 } = reply
  if (why === undefined) {
    settings.emit({ type: 'bound-refreshed', id })
    return accepted(session, options, handle, provenAt)
  }
  if (why === 'key') settings.emit({ type: 'bound-stolen', id })
  // Without a proof, the request only asks for a challenge.
  else if (request.headers.get(PROOF_HEADER) !== null) {
    refused(session, proof === undefined ? 'proof' : 'challenge', handle)
  }
  return new Response(null, {
    status: 403,
    headers: await withChallenge(session, handle, provenAt),
  })
}

/**
 * True if the request has only cookies of other sessions. It may have none, after a redirect from another site, and
 * several with one name.
 */
async function isOfAnother(
  { token, arrival }: Pick<FeatureSession, 'token' | 'arrival'>,
  handle: string,
): Promise<boolean> {
  if (token === undefined || token.handle === handle) return false
  const next = await arrival.next?.()
  return next?.token === undefined || isOfAnother({ token: next.token, arrival: next }, handle)
}

/** Returns the request to the store, with the proof if it is for a challenge of ours for this session. */
async function provenIn(
  session: FeatureSession,
  { cookieSeconds }: BoundSettings,
  { handle, proof }: { readonly handle: string; readonly proof: Proof | undefined },
): Promise<ProveRequest> {
  const stamp = await openStamp(session, 'refresh', proof?.challenge)
  const oldest = session.settings.now() - cookieSeconds * 1000 - LATE_MS
  const isOurs = stamp !== undefined && stamp.handle === handle && stamp.at > oldest
  return proof !== undefined && isOurs ? { proof: { ...proof, at: stamp.at } } : {}
}

export const NO_STORE = { 'Cache-Control': 'no-store' } as const

async function ask(
  session: FeatureSession,
  handle: string,
  call: BindingCall,
): Promise<BindingReply> {
  const { store } = session
  return session.call(store.name, call.method, async (context) => {
    const reply = (await store.part?.({ handle, secret: '' }, context, call)) as BindingReply
    // An object without the part, such as one of the previous version, treats it as a read with a wrong secret.
    const isKnown = isGone(reply) ? reply.gone !== 'rotated' : 'provenAt' in reply
    if (isKnown) return reply
    throw noBindingsError('ERR_BINDING', store.name)
  })
}

export function noBindingsError(code: 'ERR_OPTION' | 'ERR_BINDING', store: string): SessionError {
  return new SessionError(
    code,
    `bound(): the ${store} store has no bindings. Use extendSessionObject(bindings) or memoryStore(bindings).`,
  )
}

/** Reports that a proof was refused. Returns the response to a registration. */
function refused(
  { settings, store, id }: FeatureSession,
  reason: 'proof' | 'challenge',
  handle?: string,
): Response {
  const named = handle === undefined ? id : store.idOf(handle)
  settings.emit({ type: 'bound-refused', reason, id: named })
  return new Response(null, { status: 400, headers: NO_STORE })
}

/** Tells the browser that its session is over. */
function ended(handle: string): Response {
  return Response.json({ session_identifier: handle, continue: false }, { headers: NO_STORE })
}

/** Returns headers with the next challenge. Its time is later than the last one's, even if a clock is behind. */
async function withChallenge(
  session: FeatureSession,
  handle: string,
  provenAt: number,
): Promise<Record<string, string>> {
  const at = Math.max(session.settings.now(), provenAt + 1)
  const challenge = await stamped(session, 'refresh', { handle, at })
  return { ...NO_STORE, 'Secure-Session-Challenge': `"${challenge}";id="${handle}"` }
}

/** Returns the browser's instructions, the device's cookie, and the next challenge. */
async function accepted(
  session: FeatureSession,
  { cookieSeconds, paths }: BoundSettings,
  handle: string,
  provenAt: number,
): Promise<Response> {
  const cookie = boundCookie(session)
  const at = session.settings.now() + cookieSeconds * 1000
  const setting = serializeCookie(
    cookie,
    await stamped(session, 'cookie', { handle, at }),
    cookieSeconds,
  )
  // The attributes, without the value and Max-Age.
  const attributes = setting.split('; ').slice(2).join('; ')
  const body = {
    session_identifier: handle,
    refresh_url: paths.refresh,
    scope: { include_site: false },
    credentials: [{ type: 'cookie', name: cookie.name, attributes }],
  }
  const headers = await withChallenge(session, handle, provenAt)
  return Response.json(body, { headers: { ...headers, 'Set-Cookie': setting } })
}

/** Returns the device's cookie, or another extra cookie, with its own name and a Max-Age. */
export function boundCookie(
  { settings: { cookie } }: Pick<FeatureSession, 'settings'>,
  suffix: 'bound' | 'again' = 'bound',
): CookieAttributes {
  return { ...cookie, name: `${cookie.name}-${suffix}`, persistent: true, priority: undefined }
}
