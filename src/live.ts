import { SessionError } from './errors.ts'
import { FOREIGN, isForeign, isHandshake, isOrigin } from './guard/request-origin.ts'
import { type Handshake, HANDSHAKE_HEADER, PROBLEM } from './live/messages.ts'
import { bindingError, callObject, objectIdIn, sendCall } from './live/session-stub.ts'
import { SIGNED_OUT } from './live/signed-out.ts'
import { requestText } from './record/session-cell.ts'
import type { Credential } from './record/store.ts'
import { requestSessionOf } from './request/lifecycle.ts'
import { DETAILS, type Problem, problemOf, refuse } from './request/problem.ts'
import type { RequestSession } from './request/request-session.ts'

export interface LiveOptions {
  /** The keys whose values are sent in `changed` messages. Default none: the messages only name the keys. */
  readonly values?: readonly string[]
  /** Other origins whose pages may connect, such as `capacitor://localhost`. Default none. */
  readonly trustedOrigins?: readonly string[]
}

/** One of the application's Durable Objects that is notified when a session ends. */
export interface Watcher {
  /** The name of its namespace in the `env` of the Worker that exports `SessionObject`. */
  readonly namespace: string
  /** The object's id as a string: `String(id)`. */
  readonly id: string
}

/** A socket's options and user are stored with it, in at most 16,384 bytes. In ASCII each character is one byte. */
const MAX_VALUES_CHARACTERS = 8000

/**
 * Returns the response to a request for a WebSocket or an EventSource. The session's own object then holds the
 * connection: it notifies the page of changes, and of the end of the session before it closes the socket with 4401. The
 * session must be in the store; otherwise the response is a 401 problem. A request from a page of another origin gets
 * 403, and one that asks for neither kind of connection 426. A HEAD opens nothing. Makes one more store call than
 * `load()`.
 *
 * Throws `ERR_OPTION` for invalid options and for a store without objects, `ERR_BINDING` if the exported class has no
 * `sockets`, and `ERR_STORE` if the store fails.
 */
export async function live(session: object, options: LiveOptions = {}): Promise<Response> {
  const own = requestSessionOf(session)
  const { trustedOrigins = [], values = [] } = options
  checkOptions(trustedOrigins, values)
  // Also checked without a session, so that the mistake is noticed immediately.
  objectIdIn(own, own.minted().handle)
  const request = own.request as Request
  const refusal = refusalOf(own, request, trustedOrigins)
  if (refusal !== undefined) return refuse(own, refusal, request)
  const kind = kindOf(request)
  // The client sends this request to learn why a handshake failed, which its page cannot see.
  if (kind === undefined && !accepts(request, PROBLEM)) return upgradeRequired(own)
  const credential = await credentialOf(own)
  if (credential === undefined) return refuse(own, SIGNED_OUT, request)
  return kind === undefined ? upgradeRequired(own) : connected(own, credential, { values, kind })
}

/** Returns the reason to refuse a request without asking the store, if there is one. */
function refusalOf(
  own: RequestSession,
  request: Request,
  trustedOrigins: readonly string[],
): Problem | undefined {
  if (isForeign(request, trustedOrigins) === true) {
    own.report({ type: 'refused', reason: 'cross-origin', id: own.id })
    return problemOf(403, 'ERR_CROSS_ORIGIN', FOREIGN)
  }
  const isSpeculative = own.purpose === 'speculative'
  return isSpeculative ? problemOf(503, 'ERR_SPECULATIVE', DETAILS.ERR_SPECULATIVE) : undefined
}

function connected(
  own: RequestSession,
  credential: Credential,
  { values, kind }: { readonly values: readonly string[]; readonly kind: Kind },
): Promise<Response> | Response {
  return own.call(own.store.name, 'connect', (context) => {
    const handshake: Handshake = { read: requestText('read', credential, context), values }
    const headers = { [HANDSHAKE_HEADER]: asciiOf(handshake), ...kind }
    return callObject(objectIdIn(own, credential.handle), own, (object) =>
      object.fetch('http://s/', { headers }),
    )
  })
}

/**
 * Registers an application's object: when the session ends, `sessionEnded(sessionId, reason)` is called on it at least
 * once, immediately and by an alarm if that fails. Registering the same object again has no effect. Throws
 * `ERR_SESSION_ENDED` without a session, `ERR_TOO_LARGE` for a session's 33rd object, `ERR_BINDING` if `env` has no
 * such namespace, and `ERR_OPTION` for a store without objects.
 */
export async function watch(session: object, { namespace, id }: Watcher): Promise<void> {
  const own = requestSessionOf(session)
  try {
    const { [namespace]: watchers } = Object(own.env) as Readonly<Record<string, Namespace>>
    // Also throws for a missing binding.
    ;(watchers as Namespace).idFromString(id)
  } catch {
    throw bindingError(`env.${namespace} has no object with this id.`)
  }
  const credential = await credentialOf(own)
  if (credential === undefined) throw endedError()
  const reply = await own.call(own.store.name, 'watch', (context) =>
    callObject(objectIdIn(own, credential.handle), own, (object) => {
      const read = requestText('read', credential, context)
      return sendCall(object, { live: 'watch', namespace, id, read })
    }),
  )
  const { ok, why }: { ok?: boolean; why?: string } = JSON.parse(reply)
  if (why !== undefined) throw new SessionError('ERR_TOO_LARGE', 'watch(): there are 32 already.')
  if (ok !== true) throw endedError()
}

/**
 * Removes an object registered by `watch`. Call it when the object's last socket of this session closes. `sessionId` is
 * `session.id`, and `env` must have the binding of the sessions. Does nothing if the object is not registered.
 */
export async function unwatch(sessionId: string, watcher: Watcher, env: object): Promise<void> {
  const { namespace, id } = watcher
  await callObject(sessionId, { env }, (object) =>
    sendCall(object, { live: 'unwatch', namespace, id }),
  )
}

/** A kind of connection, with the request header that the object needs. An EventSource needs none. */
interface Kind {
  readonly Upgrade?: 'websocket'
}

interface Namespace {
  idFromString(id: string): unknown
}

function checkOptions(trustedOrigins: readonly string[], values: readonly string[]): void {
  const fits = asciiOf(values).length <= MAX_VALUES_CHARACTERS
  if (fits && trustedOrigins.every(isOrigin)) return
  throw new SessionError(
    'ERR_OPTION',
    `live(): ${fits ? 'Write trustedOrigins as https://a.example' : 'values has too many keys'}.`,
  )
}

/** Returns the JSON of a value in ASCII, for a header. */
function asciiOf(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Returns the kind of connection that a request asks for, or `undefined`. */
function kindOf(request: Request): Kind | undefined {
  const { method, headers } = request
  if (method !== 'GET') return undefined
  if (headers.has('upgrade') && isHandshake(request)) return { Upgrade: 'websocket' }
  return accepts(request, 'text/event-stream') ? {} : undefined
}

function accepts({ headers }: Request, type: string): boolean {
  return headers.get('accept')?.includes(type) === true
}

/** Returns the credential of the session after reading it, or `undefined` if there is no session in the store. */
async function credentialOf(own: RequestSession): Promise<Credential | undefined> {
  await own.session.load()
  if (own.failure !== undefined) throw own.failure
  return own.state.is === 'live' ? own.state.token : undefined
}

function endedError(): SessionError {
  return new SessionError('ERR_SESSION_ENDED', 'There is no session.')
}

/** RFC 9110 section 15.5.22. */
async function upgradeRequired(own: RequestSession): Promise<Response> {
  const title = 'Upgrade Required'
  const refusal = { ...problemOf(426, 'ERR_UPGRADE', 'Open a WebSocket.'), title }
  const response = await refuse(own, refusal, own.request)
  response.headers.set('Upgrade', 'websocket')
  return response
}
