import { DurableObject } from 'cloudflare:workers'
import { unwatch } from 'edge-session/live'

import type { Env } from './sessions.ts'

export class Room extends DurableObject<Env> {
  override fetch({ headers }: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [headers.get('X-Session-Id') ?? ''])
    return new Response(null, { status: 101, webSocket: client })
  }

  // #region ended
  /** Called when a session is over that `watch` has named. It may come twice. */
  sessionEnded(sessionId: string, reason: string): void {
    for (const socket of this.ctx.getWebSockets(sessionId)) {
      if (socket.readyState === WebSocket.OPEN) socket.send(`ended: ${reason}`)
      socket.close(4401, reason)
    }
  }
  // #endregion ended

  override webSocketMessage(socket: WebSocket, message: string): void {
    // Also runs after a close of ours.
    if (socket.readyState === WebSocket.OPEN) socket.send(`heard ${message}`)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    // Answers the close of the page.
    socket.close()
    const [sessionId = ''] = this.ctx.getTags(socket)
    const others = this.ctx.getWebSockets(sessionId).filter((other) => other !== socket)
    if (others.some(({ readyState }) => readyState === WebSocket.OPEN)) return
    await unwatch(sessionId, { namespace: 'ROOMS', id: String(this.ctx.id) }, this.env)
  }
}
