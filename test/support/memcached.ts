import { connect } from 'cloudflare:sockets'
import { env } from 'cloudflare:workers'

import {
  type Connector,
  memcachedClient,
  type MemcachedConnection,
} from '../../src/store/memcached.ts'

/** Why tests need memcached: 0 where it is not installed. */
export const MEMCACHED_PORT: number = env.MEMCACHED_PORT

/** Connected anew for each call of a store, as a Worker needs it. */
export function memcachedConnector(port: number = MEMCACHED_PORT): Connector<MemcachedConnection> {
  return {
    open: () => memcachedClient(connect({ hostname: '127.0.0.1', port })),
    close: (client) => client.close(),
  }
}

/** Sends lines, and gives what comes back up to the first line's end, or as many lines as asked for. */
export async function ask(port: number, text: string, end = /\r\n$/): Promise<string> {
  const socket = connect({ hostname: '127.0.0.1', port })
  const writer = socket.writable.getWriter()
  await writer.write(new TextEncoder().encode(text))
  const reader = socket.readable.getReader()
  let answer = ''
  const decoder = new TextDecoder()
  while (!end.test(answer)) {
    const { done, value } = await reader.read()
    if (done) break
    answer += decoder.decode(value as Uint8Array, { stream: true })
  }
  await socket.close()
  return answer
}
