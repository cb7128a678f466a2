/**
 * Makes a client for one call of the store, and lets go of it afterwards. Workers need that for clients over TCP: what
 * one request has opened, no other may use.
 */
export interface Connector<Client> {
  readonly open: () => Client | Promise<Client>
  /** Lets go of a client; with `hasFailed` after a call that failed, perhaps because of the connection. */
  readonly close: (client: Client, hasFailed: boolean) => unknown
}

/** Runs the work with a client that is there, or with one that is opened for it and closed when it has ended. */
export async function withClient<Client extends object, T>(
  given: Client | Connector<Client>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  if (!isConnector(given)) return work(given)
  const client = await given.open()
  let hasFailed = true
  try {
    const result = await work(client)
    hasFailed = false
    return result
  } finally {
    given.close(client, hasFailed)
  }
}

/** Whether a client is still to be opened. */
export function isConnector<Client extends object>(
  given: Client | Connector<Client>,
): given is Connector<Client> {
  return 'open' in given && 'close' in given
}

/** A connection that several calls share: those of one request, or those of one Durable Object. */
export interface Connection<Client> extends Connector<Client> {
  /** Closes it, if it was opened. It is opened anew by a call that comes later. */
  readonly end: () => Promise<void>
}

/** Opens a client with the first call that needs one, and keeps it open until `end()`, or until a call fails. */
export function keepOpen<Client extends object>(connector: Connector<Client>): Connection<Client> {
  let opened: Promise<Client> | undefined

  async function open(): Promise<Client> {
    const opening = Promise.resolve(connector.open())
    opened = opening
    try {
      return await opening
    } catch (error) {
      if (opened === opening) opened = undefined
      throw error
    }
  }

  return {
    open: () => opened ?? open(),
    close(client, hasFailed) {
      // Otherwise the call is over, and the connection is not.
      if (!hasFailed) return
      opened = undefined
      connector.close(client, true)
    },
    async end() {
      const ending = opened
      opened = undefined
      if (ending !== undefined) connector.close(await ending, false)
    },
  }
}
