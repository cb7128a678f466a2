import type { EndReason } from '../record/end-reason.ts'
import { deadlineOf, type Meta } from '../record/meta.ts'
import { alarmAt } from '../store/object/alarm.ts'
import type { SavedChange, SessionHost } from '../store/object/session-part.ts'
import { changedMessage } from './changed-message.ts'
import { ENDED_CODE, type LiveMessage, PING, PONG } from './messages.ts'

/** The tag of our sockets. Others on the same object are not touched. */
const TAG = 'edge-session'
/** The maximum number of open connections per session, more than the tabs of a browser. */
const MAX_CONNECTIONS = 100

/** The data of a connection. It is stored with a socket during hibernation, in at most 16,384 bytes. */
export interface Subscription {
  /** The keys whose values are sent. */
  readonly values: readonly string[]
  /** The user at the handshake, or one who signed in later. */
  readonly userId?: string | undefined
}

/** An EventSource. Its object cannot hibernate. */
interface Stream {
  readonly writer: WritableStreamDefaultWriter<Uint8Array>
  subscription: Subscription
}

/** A socket or a stream. */
interface Connection {
  readonly subscription: Subscription
  subscribe(subscription: Subscription): void
  send(message: string): void
  end(reason: EndReason): void
}

/** The streams of the objects in this isolate. They end when their object is evicted. */
const streams = new WeakMap<DurableObjectState, Set<Stream>>()

/** Opens a socket that hibernates. Returns `undefined` if the session already has the maximum number of connections. */
export function openSocket({ ctx }: SessionHost, subscription: Subscription): Response | undefined {
  if (connectionsOf(ctx).length >= MAX_CONNECTIONS) return undefined
  const { 0: client, 1: server } = new WebSocketPair()
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG))
  // Throws if the data is too large, before there is a socket.
  server.serializeAttachment(subscription)
  ctx.acceptWebSocket(server, [TAG])
  return new Response(null, { status: 101, webSocket: client })
}

/** Opens a stream of server-sent events (HTML: server-sent events). Returns `undefined` as `openSocket` does. */
export function openStream({ ctx }: SessionHost, subscription: Subscription): Response | undefined {
  if (connectionsOf(ctx).length >= MAX_CONNECTIONS) return undefined
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const stream = { writer: writable.getWriter(), subscription }
  const open = streams.get(ctx) ?? new Set()
  streams.set(ctx, open.add(stream))
  const drop = (): void => void open.delete(stream)
  stream.writer.closed.then(drop, drop)
  // The first bytes make the browser report that it is open.
  write(stream, `retry: ${RETRY_MS}\n\n`)
  return new Response(readable, { headers: { 'Content-Type': 'text/event-stream' } })
}

const RETRY_MS = 2000

function connectionsOf(ctx: DurableObjectState): Connection[] {
  const open = ctx.getWebSockets(TAG).filter(({ readyState }) => readyState === WebSocket.OPEN)
  return [...open.map(socketConnection), ...[...(streams.get(ctx) ?? [])].map(streamConnection)]
}

function socketConnection(socket: WebSocket): Connection {
  return {
    subscription: socket.deserializeAttachment() as Subscription,
    subscribe: (subscription) => socket.serializeAttachment(subscription),
    send: (message) => socket.send(message),
    // The message comes first: after an RPC or an alarm, browsers notice the close up to two seconds later.
    end(reason) {
      socket.send(textOf({ type: 'ended', reason }))
      socket.close(ENDED_CODE, reason)
    },
  }
}

function streamConnection(stream: Stream): Connection {
  return {
    subscription: stream.subscription,
    subscribe: (subscription) => void (stream.subscription = subscription),
    send: (message) => write(stream, `data: ${message}\n\n`),
    end(reason) {
      write(stream, `data: ${textOf({ type: 'ended', reason })}\n\n`)
      stream.writer.close().catch(ignore)
    },
  }
}

/** Writes to a stream. If its reader is gone, `closed` rejects. */
function write({ writer }: Stream, text: string): void {
  writer.write(new TextEncoder().encode(text)).catch(ignore)
}

const ignore = (): void => undefined

/** Sends a change to all connections. Ends those of a previous user. */
export function tellChange({ ctx }: SessionHost, change: SavedChange): void {
  const userId = change.meta.account?.userId
  for (const connection of connectionsOf(ctx)) {
    const { subscription } = connection
    if (subscription.userId !== undefined && subscription.userId !== userId) {
      connection.end('replaced')
      continue
    }
    if (subscription.userId !== userId) connection.subscribe({ ...subscription, userId })
    if (change.method === 'regenerate') connection.send(textOf({ type: 'renewed' }))
    const message = changedMessage(change, subscription.values)
    if (message !== undefined) connection.send(message)
  }
}

/** Tells all connections that the session is over, and closes them. */
export function endConnections({ ctx }: SessionHost, reason: EndReason): void {
  for (const connection of connectionsOf(ctx)) connection.end(reason)
}

function textOf(message: LiveMessage): string {
  return JSON.stringify(message)
}

/** Moves the alarm to the end of the session if it is set for later, since the timeouts may have become shorter. */
export function wakeAtEnd(host: SessionHost, meta: Meta): Promise<void> {
  return wakeAt(host, alarmAt(deadlineOf(meta)))
}

/** Sets the alarm to this time, unless it is set for an earlier one. */
export async function wakeAt({ ctx: { storage } }: SessionHost, time: number): Promise<void> {
  const alarm = await storage.getAlarm()
  if (alarm === null || alarm > time) await storage.setAlarm(time)
}
