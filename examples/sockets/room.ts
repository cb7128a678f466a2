// #region room
import { DurableObject } from 'cloudflare:workers'

import { type Env, type Handshake, userOf } from './sessions.ts'

const ENDED = 4401

export class Room extends DurableObject<Env> {
  override fetch({ url, headers }: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [headers.get('X-Session-Id') ?? ''])
    const handshake: Handshake = { url, cookie: headers.get('Cookie') ?? '' }
    server.serializeAttachment(handshake)
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, message: string): Promise<void> {
    const userId = await userOf(socket.deserializeAttachment() as Handshake, this.env)
    if (userId === undefined) return socket.close(ENDED, 'Sign in again')
    for (const other of this.ctx.getWebSockets()) {
      if (other.readyState === WebSocket.OPEN) other.send(`${userId}: ${message}`)
    }
  }

  /** Closes the sockets of a session. */
  end(sessionId: string): void {
    for (const socket of this.ctx.getWebSockets(sessionId)) {
      // The browser is told of the close itself up to 2 seconds later.
      if (socket.readyState === WebSocket.OPEN) socket.send('ended')
      socket.close(ENDED, 'Sign in again')
    }
  }
}
// #endregion room
