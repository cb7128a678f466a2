// rwsdk's sessions in objects, with the object class of its documentation.
import { DurableObject } from 'cloudflare:workers'
import { defineDurableSession } from 'rwsdk/auth'

export class RwsdkObject extends DurableObject {
  session

  async getSession() {
    this.session ??= (await this.ctx.storage.get('session')) ?? {}
    return { value: this.session }
  }

  async saveSession(data) {
    this.session = data
    await this.ctx.storage.put('session', data)
    return data
  }

  async revokeSession() {
    await this.ctx.storage.delete('session')
    this.session = undefined
  }
}

let store

export default {
  async fetch(request, env) {
    store ??= defineDurableSession({
      secretKey: env.SESSION_SECRET,
      sessionDurableObject: env.RWSDK,
    })
    const { pathname } = new URL(request.url)
    const headers = new Headers()
    if (pathname === '/create') {
      await store.save(headers, { n: 1 }, { maxAge: true })
      return new Response('ok', { headers })
    }
    if (pathname === '/anonymous') return new Response('ok')
    if (pathname === '/read' || pathname === '/write') {
      const { n } = await store.load(request)
      if (pathname === '/write') await store.save(headers, { n: n + 1 }, { maxAge: true })
      return new Response(String(n), { headers })
    }
    return new Response('up')
  },
}
