import { createServer, type IncomingMessage } from 'node:http'
import { env } from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import app from './app.ts'

const port = Number(env['PORT'] ?? 3000)
// What browsers see; behind a proxy that ends TLS it is the proxy's, with https.
const origin = env['ORIGIN'] ?? `http://localhost:${port}`

function requestOf(incoming: IncomingMessage): Request {
  const { method = 'GET', url = '/', headersDistinct } = incoming
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const body = hasBody ? Readable.toWeb(incoming) : null
  return new Request(`${origin}${url}`, { method, headers, body, duplex: 'half' })
}

createServer(async (incoming, outgoing) => {
  try {
    const response = await app.fetch(requestOf(incoming))
    outgoing.statusCode = response.status
    outgoing.setHeaders(response.headers)
    await pipeline(response.body ?? [], outgoing)
  } catch (error) {
    console.error(error)
    if (!outgoing.headersSent) outgoing.statusCode = 500
    outgoing.end()
  }
}).listen(port, () => console.log(`Listening on ${origin}`))
