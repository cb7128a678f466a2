import { SessionError } from './errors.ts'
import { isForeign, isHandshake, isOrigin } from './guard/request-origin.ts'
import { type Handshake, HANDSHAKE_HEADER, type WatchCall } from './live/messages.ts'
import { call, callPart, objectIdIn, readRequest, stubsOf } from './live/session-stub.ts'
import { requestSessionOf } from './request/lifecycle.ts'
import { problem, speculativeResponse } from './request/problem.ts'
import type { RequestSession } from './request/request-session.ts'

export interface LiveOptions {
  /** The keys whose values `changed` messages have. Default none: the messages name the keys. */
  readonly values?: readonly string[]
  /** Other origins whose pages may connect, such as `capacitor://localhost`. Default none. */
  readonly trustedOrigins?: readonly string[]
}

/** An object of the application that is told when a session ends. */
export interface Watcher {
  /** The name of its namespace in the `env` of the Worker that exports `SessionObject`. */
  readonly namespace: string
  /** The text of its id: `String(id)`. */
  readonly id: string
}

/** A socket keeps its options with its object, 16,384 bytes at most. */
const MAX_VALUES_CHARACTERS = 8000

/**
 * Returns the response to a request for a WebSocket or an EventSource, which the session's own object then holds: it tells
 * the page of changes, and of the end of the session before it closes the socket with 4401. The session must be in the
 * store; without one the response is a 401 problem. A request from a page of another origin gets 403, one that asks for
 * neither 426. A HEAD opens nothing, and says what a GET would get. Calls the store once more than `load()`.
 *
 * Throws `ERR_OPTION` for a store without objects, `ERR_BINDING` if the exported class has no `sockets`, and `ERR_STORE`
 * if the store fails.
 */
export async function live(session: object, options: LiveOptions = {}): Promise<Response> {
  const own = requestSessionOf(session)
  const { trustedOrigins = [], values = [] } = checked(options)
  const request = own.request as Request
  // Before anything is asked: a foreign page must not be a use of the session.
  objectIdIn(own, 'live', own.minted().handle)
  if (isForeign(request, trustedOrigins) === true) {
    own.report({ type: 'refused', reason: 'cross-origin', id: own.id })
    return problem(403, 'Forbidden', 'ERR_CROSS_ORIGIN', 'Another site has sent this request.')
  }
  if (own.purpose === 'speculative') return speculativeResponse()
  const kind = kindOf(request)
  if (kind === undefined && own.purpose !== 'head') return upgradeRequired()
  const credential = await credentialOf(own)
  if (credential === undefined) return unauthorized()
  if (kind === undefined) return upgradeRequired()

  const stub = stubsOf(objectIdIn(own, 'live', credential.handle), own.env, own.ctx)
  const response = await own.call(own.store.name, 'connect', (context) => {
    const handshake: Handshake = { read: readRequest(credential, context), values }
    const headers = {
      [HANDSHAKE_HEADER]: JSON.stringify(handshake),
      ...(kind === 'socket' && { Upgrade: 'websocket' }),
    }
    return callPart(stub, (object) => object.fetch('https://session/', { headers }))
  })
  if (response.ok || response.status === 101) return response
  return response.status === 429 ? tooMany() : unauthorized()
}

/**
 * Records that the end of the session calls `sessionEnded(sessionId, reason)` on an object of the application, at least
 * once: at once, and by an alarm if that fails. A repeated call for the same object counts once. Throws
 * `ERR_SESSION_ENDED` without a session, `ERR_TOO_LARGE` for the 33rd object of a session, `ERR_BINDING` if `env` has no
 * such namespace, and `ERR_OPTION` for a store without objects.
 */
export async function watch(session: object, { namespace, id }: Watcher): Promise<void> {
  const own = requestSessionOf(session)
  const bindings = Object(own.env) as Readonly<Record<string, unknown>>
  if (!isNamespaceWith(bindings[namespace], id)) {
    throw new SessionError(
      'ERR_BINDING',
      `watch(): env.${namespace} is not a Durable Object namespace with this id.`,
    )
  }
  const credential = await credentialOf(own)
  if (credential === undefined) throw own.lose()
  const stub = stubsOf(objectIdIn(own, 'watch', credential.handle), own.env, own.ctx)
  const text = await own.call(own.store.name, 'watch', (context) => {
    const read = readRequest(credential, context)
    const request: WatchCall = { live: 'watch', namespace, id, read }
    return callPart(stub, (object) => call(object, request))
  })
  const { ok, why }: { ok?: boolean; why?: string } = JSON.parse(text)
  if (ok === true) return
  if (why === undefined) throw own.lose()
  throw new SessionError('ERR_TOO_LARGE', 'watch(): the session has 32 watchers already.')
}

/**
 * Removes what `watch` has recorded, when the object's last socket of this session closes. `sessionId` is `session.id`,
 * and `env` has the binding of the sessions.
 */
export async function unwatch(
  sessionId: string,
  { namespace, id }: Watcher,
  env: object,
): Promise<void> {
  const request: WatchCall = { live: 'unwatch', namespace, id }
  await callPart(stubsOf(sessionId, env), (object) => call(object, request))
}

function checked(options: LiveOptions): LiveOptions {
  const { trustedOrigins = [], values = [] } = options
  const wrong = trustedOrigins.find((origin) => !isOrigin(origin))
  const fault =
    wrong === undefined
      ? JSON.stringify(values).length > MAX_VALUES_CHARACTERS && 'values has too many keys'
      : `trustedOrigins has ${JSON.stringify(wrong)}. An origin is written https://accounts.example, without a path`
  if (fault === false) return options
  throw new SessionError('ERR_OPTION', `live(): ${fault}.`)
}

/** Returns the kind of connection that a request asks for. */
function kindOf(request: Request): 'socket' | 'stream' | undefined {
  const { method, headers } = request
  if (method !== 'GET') return undefined
  if (headers.get('upgrade') !== null && isHandshake(request)) return 'socket'
  return /\btext\/event-stream\b/i.test(headers.get('accept') ?? '') ? 'stream' : undefined
}

/** Returns the credential of the session, which has been read; `undefined` if there is no session in the store. */
async function credentialOf(own: RequestSession): Promise<RequestSession['token']> {
  await own.session.load()
  if (own.failure !== undefined) throw own.failure
  return own.state.is === 'live' ? own.state.token : undefined
}

function upgradeRequired(): Response {
  const detail = 'Connect by a WebSocket or an EventSource.'
  const headers = { Upgrade: 'websocket', Connection: 'Upgrade' }
  return problem(426, 'Upgrade Required', 'ERR_UPGRADE', detail, headers)
}

function unauthorized(): Response {
  return problem(401, 'Unauthorized', 'ERR_SIGN_IN', 'There is no session.')
}

function tooMany(): Response {
  return problem(429, 'Too Many Requests', 'ERR_TOO_MANY', 'The session has too many connections.')
}

function isNamespaceWith(binding: unknown, id: string): boolean {
  try {
    ;(binding as { idFromString(text: string): unknown }).idFromString(id)
    return true
  } catch {
    return false
  }
}
