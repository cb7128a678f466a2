import type { EndReason } from '../record/end-reason.ts'
import { deadlineOf, type Meta } from '../record/meta.ts'
import { alarmAt } from '../store/object/alarm.ts'
import type { SavedChange, SessionHost } from '../store/object/session-part.ts'
import { changedMessage } from './changed-message.ts'
import { ENDED_CODE, type LiveMessage, PING, PONG } from './messages.ts'

/** The tag of our sockets, so that others of the same object are left alone. */
const TAG = 'edge-session'
/** The maximum number of open connections of one session: more than the tabs of a browser. */
const MAX_CONNECTIONS = 100

/** What a connection is to be told, kept with a socket through hibernation: 16,384 bytes at most. */
export interface Subscription {
  /** The keys whose values are sent. */
  readonly values: readonly string[]
  /** The user at the handshake, or who has signed in since. */
  readonly userId?: string | undefined
}

/** An EventSource. Its object cannot hibernate. */
interface Stream {
  readonly writer: WritableStreamDefaultWriter<Uint8Array>
  subscription: Subscription
}

/** One socket or stream. */
interface Connection {
  readonly subscription: Subscription
  subscribe(subscription: Subscription): void
  send(message: string): void
  end(reason: EndReason): void
}

/** The streams of the objects in this isolate. They end when their object leaves memory. */
const streams = new WeakMap<DurableObjectState, Set<Stream>>()

/** Opens a socket that hibernates. Returns `undefined` if the session has as many connections as it may have. */
export function openSocket({ ctx }: SessionHost, subscription: Subscription): Response | undefined {
  if (connectionsOf(ctx).length >= MAX_CONNECTIONS) return undefined
  const { 0: client, 1: server } = new WebSocketPair()
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG))
  // Throws if it is too large: then there is no socket.
  server.serializeAttachment(subscription)
  ctx.acceptWebSocket(server, [TAG])
  return new Response(null, { status: 101, webSocket: client })
}

/** Opens a stream of server-sent events (HTML: server-sent events). */
export function openStream({ ctx }: SessionHost, subscription: Subscription): Response | undefined {
  if (connectionsOf(ctx).length >= MAX_CONNECTIONS) return undefined
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const stream = { writer: writable.getWriter(), subscription }
  const open = streams.get(ctx) ?? new Set()
  streams.set(ctx, open.add(stream))
  const drop = (): void => void open.delete(stream)
  stream.writer.closed.then(drop, drop)
  // The first bytes have the browser report that it is open.
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
    // The message first: from an RPC or an alarm, a browser is told of the close itself up to two seconds later.
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

/** Writes to a stream. Its reader may be gone: then `closed` has rejected, or will. */
function write({ writer }: Stream, text: string): void {
  writer.write(new TextEncoder().encode(text)).catch(ignore)
}

const ignore = (): void => undefined

/** Tells all connections of a change. Those of a former user are ended. */
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

/** Has the alarm come at the end of the session, and not after it: the timeouts may have become shorter. */
export function wakeAtEnd(host: SessionHost, meta: Meta): Promise<void> {
  return wakeAt(host, alarmAt(deadlineOf(meta)))
}

/** Has the alarm come at this time, unless it comes before. */
export async function wakeAt({ ctx: { storage } }: SessionHost, time: number): Promise<void> {
  const alarm = await storage.getAlarm()
  if (alarm === null || alarm > time) await storage.setAlarm(time)
}
