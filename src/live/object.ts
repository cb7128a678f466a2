import { isTombstone, type Meta } from '../record/meta.ts'
import type { ReadReply } from '../record/store.ts'
import type { Problem } from '../request/problem.ts'
import type { SessionHost, SessionPart } from '../store/object/session-part.ts'
import {
  endConnections,
  openSocket,
  openStream,
  type Subscription,
  tellChange,
  wakeAtEnd,
} from './connections.ts'
import {
  type Handshake,
  HANDSHAKE_HEADER,
  PROBLEM,
  WATCH_START,
  type WatchCall,
} from './messages.ts'
import { SIGNED_OUT } from './signed-out.ts'
import {
  addWatcher,
  finishTelling,
  removeWatcher,
  replaceWatchers,
  tellWatchers,
} from './watchers.ts'

/**
 * The part of `edge-session/live` that runs in the object: `export class SessionObject extends
 * extendSessionObject(sockets) {}`. It holds a session's sockets and EventSources, and the list of objects registered
 * by `watch`.
 */
export const sockets: SessionPart = {
  call(host, request) {
    return request.startsWith(WATCH_START) ? answerWatch(host, request) : undefined
  },

  fetch(host, request) {
    const text = request.headers.get(HANDSHAKE_HEADER)
    return text === null ? undefined : connect(host, request, JSON.parse(text) as Handshake)
  },

  webSocketMessage(_host, socket) {
    // Also runs after we close a socket. A message wakes the object, but a ping does not.
    if (socket.readyState === WebSocket.OPEN) socket.close(1008, 'This socket accepts no messages.')
  },

  webSocketClose(_host, socket) {
    // Completes the closing handshake.
    socket.close()
  },

  changed(host, change) {
    tellChange(host, change)
    const { userId } = change.meta.account ?? {}
    if (change.method === 'regenerate' && userId !== undefined) replaceWatchers(host, userId)
    host.ctx.waitUntil(wakeAtEnd(host, change.meta))
  },

  ended(host, reason) {
    endConnections(host, reason)
    return tellWatchers(host, reason)
  },

  alarm: finishTelling,
}

/** Opens a socket or a stream if the credential may read the session. */
async function connect(
  host: SessionHost,
  { headers }: Request,
  { read, values }: Handshake,
): Promise<Response> {
  const meta = await openedBy(host, read)
  if (meta === undefined) return refused(SIGNED_OUT)
  const subscription: Subscription = { values, userId: meta.account?.userId }
  const open = headers.get('Upgrade') === null ? openStream : openSocket
  const response = open(host, subscription)
  await wakeAtEnd(host, meta)
  return response ?? refused(TOO_MANY)
}

/** RFC 6585 section 4. */
const TOO_MANY: Problem = {
  title: 'Too Many Requests',
  status: 429,
  code: 'ERR_TOO_MANY',
  detail: 'The session has too many connections.',
}

/** Returns the response to a refused handshake. Pages cannot see it. */
function refused(problem: Problem): Response {
  const headers = { 'Content-Type': PROBLEM, 'Cache-Control': 'private, no-store' }
  return Response.json(problem, { status: problem.status, headers })
}

/**
 * Returns the record of the session for this credential, or `undefined` if the session has ended or has another user
 * since the credential was checked.
 */
async function openedBy(host: SessionHost, read: string): Promise<Meta | undefined> {
  const reply = JSON.parse(await host.call(read)) as ReadReply
  const meta = host.meta()
  if (!reply.ok || meta === undefined || isTombstone(meta)) return undefined
  return reply.account?.userId === meta.account?.userId ? meta : undefined
}

async function answerWatch(host: SessionHost, request: string): Promise<string> {
  const { live, namespace, id, read } = JSON.parse(request) as WatchCall
  if (live === 'unwatch') removeWatcher(host, namespace, id)
  else if (read === undefined) return '{"ok":false}'
  else {
    const meta = await openedBy(host, read)
    if (meta === undefined) return '{"ok":false}'
    const user = meta.account?.userId ?? ''
    if (!addWatcher(host, { namespace, id, user })) return '{"ok":false,"why":"too-many"}'
    await wakeAtEnd(host, meta)
  }
  return '{"ok":true}'
}
