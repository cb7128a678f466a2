/**
 * Opens a client for one call of the store, and closes it afterwards. Workers need this for clients over TCP, since a
 * request must not use a connection that another request opened.
 */
export interface Connector<Client> {
  /** Opens a client. The signal is aborted when the call is given up because its time limit is over. */
  readonly open: (signal?: AbortSignal) => Client | Promise<Client>
  /**
   * Closes a client. `hasFailed` is true after a call that failed or was given up, perhaps because of the connection.
   * The result and errors are ignored.
   */
  readonly close: (client: Client, hasFailed: boolean) => unknown
}

/**
 * Runs the work with the given client, or with one that is opened for it and closed afterwards. If the signal is
 * aborted, the client is closed at once, or as soon as it is open.
 */
export async function withClient<Client extends object, T>(
  given: Client | Connector<Client>,
  work: (client: Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (!isConnector(given)) return work(given)
  const abandoned = rejectionOf(signal)
  const opening = Promise.resolve(given.open(signal))
  const client = await Promise.race([opening, abandoned.promise]).catch((error: unknown) => {
    // A client that opens too late is closed at once.
    opening.then((late) => closeQuietly(given, late, true)).catch(() => undefined)
    abandoned.stop()
    throw error
  })
  let hasFailed = true
  try {
    const result = await Promise.race([work(client), abandoned.promise])
    hasFailed = false
    return result
  } finally {
    abandoned.stop()
    closeQuietly(given, client, hasFailed)
  }
}

/** True if the client must be opened first. */
export function isConnector<Client extends object>(
  given: Client | Connector<Client>,
): given is Connector<Client> {
  return 'open' in given && 'close' in given
}

/** A connection shared by several calls: those of one request, or those of one Durable Object. */
export interface Connection<Client> extends Connector<Client> {
  /** Closes the client, if one was opened. A later call opens another one. Never rejects. */
  readonly end: () => Promise<void>
}

/** A client that is open or being opened. */
interface Opened<Client> {
  readonly client: Promise<Client>
  isOpen: boolean
  /** Why no further call may use it. */
  over?: 'failed' | 'ended'
}

/**
 * Returns a connector that opens a client for the first call and keeps it open until `end()`, or until a call fails or
 * is given up. The next call then opens another one. Each client is closed once.
 */
export function keepOpen<Client extends object>(connector: Connector<Client>): Connection<Client> {
  let current: Opened<Client> | undefined
  const openedBy = new WeakMap<Client, Opened<Client>>()

  function start(signal: AbortSignal | undefined): Opened<Client> {
    const client = (async (): Promise<Client> => connector.open(signal))()
    const opened: Opened<Client> = { client, isOpen: false }
    client.then(
      (ready) => {
        opened.isOpen = true
        return openedBy.set(ready, opened)
      },
      () => close(opened, 'failed'),
    )
    return opened
  }

  /** Closes the client as soon as it is open. */
  function close(opened: Opened<Client>, why: 'failed' | 'ended'): void {
    if (current === opened) current = undefined
    if (opened.over !== undefined) return
    opened.over = why
    opened.client.then(
      (client) => closeQuietly(connector, client, why === 'failed'),
      () => undefined,
    )
  }

  async function open(signal?: AbortSignal): Promise<Client> {
    const opened = (current ??= start(signal))
    const giveUp = (): void => close(opened, 'failed')
    signal?.addEventListener('abort', giveUp)
    const client = await opened.client.finally(() => signal?.removeEventListener('abort', giveUp))
    if (opened.over === undefined) return client
    signal?.throwIfAborted()
    if (opened.over === 'ended') throw new Error('The connection was closed.')
    // Another call gave up the client while it was being opened. Nothing has been sent yet.
    return open(signal)
  }

  return {
    open,
    close(client, hasFailed) {
      const opened = openedBy.get(client)
      // Without a failure only this call is over.
      if (hasFailed && opened !== undefined) close(opened, 'failed')
    },
    async end() {
      const opened = current
      if (opened === undefined) return
      close(opened, 'ended')
      // A client that is still being opened is closed once it is open, which may never happen.
      if (opened.isOpen) await opened.client
    },
  }
}

/** Closes a client. Ignores its errors, since the connection is no longer used. */
function closeQuietly<Client>(
  connector: Connector<Client>,
  client: Client,
  hasFailed: boolean,
): void {
  try {
    Promise.resolve(connector.close(client, hasFailed)).catch(() => undefined)
  } catch {
    // It may throw instead of rejecting.
  }
}

/** Returns a promise that rejects when the signal is aborted. */
function rejectionOf(signal: AbortSignal | undefined): {
  readonly promise: Promise<never>
  readonly stop: () => void
} {
  let stop = (): void => undefined
  const promise = new Promise<never>((_resolve, reject) => {
    const abort = (): void => reject(signal?.reason)
    if (signal?.aborted === true) abort()
    signal?.addEventListener('abort', abort)
    stop = () => signal?.removeEventListener('abort', abort)
  })
  promise.catch(() => undefined)
  return { promise, stop }
}
