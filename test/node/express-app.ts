import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import express from 'express'
import session, { MemoryStore } from 'express-session'

import { atEnd } from './project.ts'

declare module 'express-session' {
  interface SessionData {
    user: string
    cart: string[]
  }
}

/** An Express application with express-session that also tells another application, which has the key, what a session holds. */
export async function startExpress(
  secret: string | string[],
  key: string,
): Promise<{ readonly origin: string; readonly asked: string[] }> {
  const store = new MemoryStore()
  const asked: string[] = []
  const app = express()
  app.get('/session-data/:id', (request, response) => {
    if (request.headers.authorization !== `Bearer ${key}`) {
      response.sendStatus(401)
      return
    }
    const { id } = request.params
    asked.push(id)
    store.get(id, (error: unknown, data) => {
      if (error != null) response.sendStatus(500)
      else if (data == null) response.sendStatus(404)
      else response.json(data)
    })
  })
  app.use(session({ secret, store, resave: false, saveUninitialized: false }))
  app.get('/sign-in', (request, response) => {
    request.session.user = new URL(request.url, 'http://localhost').searchParams.get('user') ?? ''
    request.session.cart = ['apple', 'pear']
    response.json('ok')
  })
  app.get('/who', (request, response) => {
    response.json(request.session.user ?? null)
  })
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening))
  })
  server.unref()
  atEnd(() => server.closeAllConnections())
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
