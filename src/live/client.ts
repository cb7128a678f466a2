import { ENDED_CODE, type EndReason, type LiveMessage, PING, PONG, PROBLEM } from './messages.ts'

/** The events for a page: the messages of `live()`, and each opening of the socket. */
export type LiveEvent =
  | Exclude<LiveMessage, { readonly type: 'ended' }>
  /** The socket is open. Earlier changes are not sent again, so reload the data on the page. */
  | { readonly type: 'open' }
  /** The session has ended or does not exist. The reason is `unknown` if it ended while the page was not connected. */
  | { readonly type: 'ended'; readonly reason: EndReason | 'unknown' }

export interface Connection {
  /** Closes the socket permanently. No more events follow. */
  close(): void
}

const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 30_000
/** Proxies close a connection that is silent for longer: Cloudflare after 100 seconds. */
const PING_MS = 30_000

/** Sends cookies from a page of another origin too, as a handshake does. */
const ASKING: object = { credentials: 'include', headers: { Accept: PROBLEM } }

/**
 * Opens a socket to a route that returns `live(session)`. Reopens a lost socket after 0.25 to 0.5 seconds, and after up
 * to 30 seconds if that fails repeatedly. The event `ended` is sent once, in each of the browser's tabs, and is the
 * last one.
 */
export function connect(url: string, listener: (event: LiveEvent) => void): Connection {
  const { location }: { location?: { href: string } } = globalThis as object
  const { href } = new URL(url, location?.href)
  let socket: WebSocket | undefined
  let timer: ReturnType<typeof setTimeout> | null = null
  let failures = 0
  let isOver = false

  function close(): void {
    isOver = true
    clearTimeout(timer)
    socket?.close()
  }

  function end(reason: EndReason | 'unknown'): void {
    if (isOver) return
    close()
    listener({ type: 'ended', reason })
  }

  function open(): void {
    if (isOver) return
    const current = new WebSocket(href.replace(/^http/, 'ws'))
    let isAnswered = true
    socket = current

    function lost(): void {
      if (isOver || socket !== current) return
      socket = undefined
      clearTimeout(timer)
      current.close()
      const delay = Math.min(FIRST_DELAY_MS * 2 ** failures, MAX_DELAY_MS)
      failures += 1
      timer = setTimeout(retry, delay * (0.5 + Math.random() / 2))
    }

    /** A dead connection may not be closed for minutes, but the last ping has no answer. */
    function ping(): void {
      if (!isAnswered) return lost()
      isAnswered = false
      current.send(PING)
      timer = setTimeout(ping, PING_MS)
    }

    current.addEventListener('open', () => {
      timer = setTimeout(ping, PING_MS)
      if (!isOver) listener({ type: 'open' })
    })
    current.addEventListener('message', ({ data }) => {
      isAnswered = true
      failures = 0
      if (isOver || data === PONG) return
      const message = JSON.parse(String(data)) as LiveMessage
      if (message.type === 'ended') end(message.reason)
      else listener(message)
    })
    current.addEventListener('close', ({ code, reason }) => {
      if (code === ENDED_CODE) end(reason as EndReason)
      else lost()
    })
  }

  /** A page cannot see why a handshake was refused, so it sends a request first. */
  function retry(): void {
    fetch(href, ASKING).then(({ status }) => (status === 401 ? end('unknown') : open()), open)
  }

  open()
  return { close }
}
