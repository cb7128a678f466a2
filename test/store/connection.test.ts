import { describe, expect, test } from 'vitest'

import { type Connector, keepOpen, withClient } from '../../src/store/server/connection.ts'

interface Client {
  readonly id: number
}

/** Clients that are made as the test says, and how each was closed. */
function clients(opening: (client: Client) => Client | Promise<Client> = (client) => client): {
  readonly connector: Connector<Client>
  readonly closed: string[]
  made: number
} {
  const all = {
    made: 0,
    closed: [] as string[],
    connector: {
      open: (): Client | Promise<Client> => {
        all.made += 1
        return opening({ id: all.made })
      },
      close: ({ id }: Client, hasFailed: boolean): void =>
        void all.closed.push(`${id} ${hasFailed ? 'failed' : 'well'}`),
    },
  }
  return all
}

const NEVER = new Promise<never>(() => undefined)
const settled = (): Promise<void> => scheduler.wait(0)

describe('a connector', () => {
  test('has each client closed once, also by a close that throws or rejects', async () => {
    for (const fault of [() => Promise.reject(new Error('rejects')), thrown]) {
      const { connector } = clients()
      const closing = { ...connector, close: fault }
      expect(await withClient(closing, async ({ id }) => id)).toBe(1)
    }
    // An unhandled rejection would fail the run.
    await settled()
  })

  test('has a client closed at once whose call is given up', async () => {
    const all = clients()
    const controller = new AbortController()
    const working = withClient(all.connector, () => NEVER, controller.signal)
    await settled()
    controller.abort(new Error('given up'))
    await expect(working).rejects.toThrow('given up')
    expect(all.closed).toEqual(['1 failed'])
  })

  test('has a client closed that is open only after its call was given up', async () => {
    const opening = Promise.withResolvers<Client>()
    const all = clients(() => opening.promise)
    const controller = new AbortController()
    const working = withClient(all.connector, async () => 'never', controller.signal)
    controller.abort(new Error('given up'))
    await expect(working).rejects.toThrow('given up')
    expect(all.closed).toEqual([])
    opening.resolve({ id: 1 })
    await settled()
    expect(all.closed).toEqual(['1 failed'])
  })

  test('tells the one who opens that the call is given up', async () => {
    const controller = new AbortController()
    let given: AbortSignal | undefined
    const connector: Connector<Client> = {
      open: (signal) => {
        given = signal
        return NEVER
      },
      close: () => undefined,
    }
    for (const each of [connector, keepOpen(connector)]) {
      const working = withClient(each, async () => 'never', controller.signal)
      await settled()
      expect(given).toBe(controller.signal)
      working.catch(() => undefined)
    }
    controller.abort()
  })
})

function thrown(): never {
  throw new Error('throws')
}

describe('a connection that is kept open', () => {
  test('is not lost by a late failure of the one before it', async () => {
    const { connector, closed } = clients()
    const connection = keepOpen(connector)
    const first = await connection.open()
    const same = await connection.open()
    connection.close(first, true)
    const second = await connection.open()
    connection.close(same, true)
    expect(await connection.open()).toBe(second)
    await connection.end()
    expect(closed).toEqual(['1 failed', '2 well'])
  })

  test('is opened again by the call after one that was given up', async () => {
    const { connector, closed } = clients()
    const connection = keepOpen(connector)
    const controller = new AbortController()
    const silent = withClient(connection, () => NEVER, controller.signal)
    await settled()
    controller.abort(new Error('given up'))
    await expect(silent).rejects.toThrow('given up')
    expect(await withClient(connection, async ({ id }) => id)).toBe(2)
    expect(closed).toEqual(['1 failed'])
    await connection.end()
    expect(closed).toEqual(['1 failed', '2 well'])
  })

  test('that hangs while it is opened holds up no later call, and is closed if it opens after all', async () => {
    const opening = Promise.withResolvers<Client>()
    const { connector, closed } = clients((client) => (client.id === 1 ? opening.promise : client))
    const connection = keepOpen(connector)
    const controller = new AbortController()
    const work = async ({ id }: Client): Promise<number> => id
    const first = withClient(connection, work, controller.signal)
    const waiting = withClient(connection, work)
    controller.abort(new Error('given up'))
    await expect(first).rejects.toThrow('given up')
    expect(await withClient(connection, work)).toBe(2)
    opening.resolve({ id: 1 })
    // It was waiting for the first, and had sent nothing.
    expect(await waiting).toBe(2)
    expect(closed).toEqual(['1 failed'])
    await connection.end()
    await connection.end()
    expect(closed).toEqual(['1 failed', '2 well'])
  })

  test('does not wait at its end for one that hangs, and closes it if it opens after all', async () => {
    const opening = Promise.withResolvers<Client>()
    const { connector, closed } = clients(() => opening.promise)
    const connection = keepOpen(connector)
    const working = withClient(connection, async () => 'never')
    await connection.end()
    opening.resolve({ id: 1 })
    await expect(working).rejects.toThrow('The connection was closed.')
    expect(closed).toEqual(['1 well'])
  })

  test('ends without complaint, whatever open and close do', async () => {
    for (const close of [thrown, () => Promise.reject(new Error('rejects'))]) {
      const connection = keepOpen({ ...clients().connector, close })
      await connection.open()
      await connection.end()
    }
    const broken = keepOpen({ open: thrown, close: () => undefined })
    await expect(broken.open()).rejects.toThrow('throws')
    await broken.end()
    await settled()
  })
})
