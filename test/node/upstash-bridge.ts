import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

import { createClient } from 'redis'

/** What Upstash's clients send with each request. */
export const UPSTASH_TOKEN = 'only-for-tests'

/** What Upstash answers with for one command. */
type Answer = { readonly result: unknown } | { readonly error: string }

/**
 * Our own stand-in for Upstash, in front of a Redis: a command comes as a JSON list by POST, several of them as a list of
 * lists to `/pipeline`, and `{"result"}` or `{"error"}` goes back for each, its texts in base64 where the client asks for
 * that (Upstash: REST API).
 */
export async function startUpstashBridge(
  redisPort: number,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const client = createClient({ url: `redis://127.0.0.1:${redisPort}` })
  // The reply of a command that was under way says what there is to say.
  client.on('error', () => undefined)
  await client.connect()

  async function run(command: readonly unknown[], isEncoded: boolean): Promise<Answer> {
    try {
      const result = await client.sendCommand(command.map(String))
      return { result: isEncoded ? encoded(result) : result }
    } catch (error) {
      return { error: String(error).replace(/^\w*Error: /, '') }
    }
  }

  async function answer(request: IncomingMessage): Promise<readonly [number, unknown]> {
    if (request.headers.authorization !== `Bearer ${UPSTASH_TOKEN}`) {
      return [401, { error: 'Unauthorized' }]
    }
    const isEncoded = request.headers['upstash-encoding'] === 'base64'
    const body = JSON.parse(await text(request)) as unknown[]
    if (request.url === '/pipeline') {
      const commands = body as unknown[][]
      return [200, await Promise.all(commands.map((each) => run(each, isEncoded)))]
    }
    const reply = await run(body, isEncoded)
    return ['error' in reply ? 400 : 200, reply]
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [status, body] = await answer(request)
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(body))
  }

  const server = createServer((request, response) => void respond(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      server.close()
      await client.close()
    },
  }
}

function encoded(result: unknown): unknown {
  if (Array.isArray(result)) return result.map(encoded)
  return typeof result === 'string' ? Buffer.from(result).toString('base64') : result
}
