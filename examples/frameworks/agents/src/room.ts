import { Agent, type Connection, type ConnectionContext } from 'agents'
import { unwatch } from 'edge-session/live'

const SESSION_ID = 'X-Session-Id'
const USER = 'X-User'

/** Returns the handshake for the agent, which says who is connecting. A page cannot set these headers: they are replaced. */
export function handshakeOf(request: Request, sessionId: string, user: string): Request {
  const handshake = new Request(request)
  handshake.headers.set(SESSION_ID, sessionId)
  handshake.headers.set(USER, encodeURIComponent(user))
  return handshake
}

// #region room
interface Member {
  readonly user: string
  readonly sessionId: string
}

export class Room extends Agent<Env> {
  override getConnectionTags(_: Connection, { request }: ConnectionContext): string[] {
    return [request.headers.get(SESSION_ID) ?? '']
  }

  override onConnect(connection: Connection<Member>, { request }: ConnectionContext): void {
    const user = decodeURIComponent(request.headers.get(USER) ?? '')
    connection.setState({ user, sessionId: request.headers.get(SESSION_ID) ?? '' })
    connection.send(`hello ${user}`)
  }

  override onMessage(connection: Connection<Member>, message: unknown): void {
    this.broadcast(`${connection.state?.user}: ${String(message)}`)
  }

  /** Called when a session is over that `watch` has named. It may come twice. */
  sessionEnded(sessionId: string, reason: string): void {
    for (const connection of this.getConnections(sessionId)) connection.close(4401, reason)
  }

  override async onClose(connection: Connection<Member>): Promise<void> {
    const { sessionId = '' } = connection.state ?? {}
    const others = [...this.getConnections(sessionId)].filter(({ id }) => id !== connection.id)
    if (others.length > 0) return
    await unwatch(sessionId, { namespace: 'Room', id: String(this.ctx.id) }, this.env)
  }
}
// #endregion room
