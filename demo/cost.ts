import { AsyncLocalStorage } from 'node:async_hooks'

import type { UserIndex } from '../src/accounts.ts'
import type { SessionStore } from '../src/index.ts'
import type { SessionKvNamespace } from '../src/store/kv.ts'

/** The change to the session's cookie in a response. */
export type CookieChange = 'none' | 'set' | 'cleared'

/** The cost of a request. */
export interface Cost {
  /** The calls, in order: of the session's store as `read`, of the index of users as `users.list`, of KV as `kv.get`. */
  readonly calls: readonly string[]
  readonly cookie: CookieChange
}

/** A store serves all requests, so calls are recorded in the context of the request that makes them. */
const notes = new AsyncLocalStorage<string[]>()

function note(call: string): void {
  notes.getStore()?.push(call)
}

/** Runs a request's work. Returns its response and its cost. */
export async function withCost(
  work: () => Promise<Response>,
): Promise<{ readonly response: Response; readonly cost: Cost }> {
  const calls: string[] = []
  const response = await notes.run(calls, work)
  return { response, cost: { calls, cookie: cookieChange(response) } }
}

/** Returns the same store, with each call recorded. */
export function countedStore(store: SessionStore): SessionStore {
  const part = store.part?.bind(store)
  return {
    ...store,
    create(...parameters) {
      note('create')
      return store.create(...parameters)
    },
    read(...parameters) {
      note('read')
      return store.read(...parameters)
    },
    write(...parameters) {
      note('write')
      return store.write(...parameters)
    },
    regenerate(...parameters) {
      note('regenerate')
      return store.regenerate(...parameters)
    },
    destroy(...parameters) {
      note('destroy')
      return store.destroy(...parameters)
    },
    part:
      part &&
      ((credential, context, call) => {
        note(call.method)
        return part(credential, context, call)
      }),
  }
}

/** Returns the same index of users, with each call recorded. */
export function countedUsers(users: UserIndex): UserIndex {
  return {
    reserve(...parameters) {
      note('users.reserve')
      return users.reserve(...parameters)
    },
    release(...parameters) {
      note('users.release')
      return users.release(...parameters)
    },
    use(...parameters) {
      note('users.use')
      return users.use(...parameters)
    },
    add(...parameters) {
      note('users.add')
      return users.add(...parameters)
    },
    remove(...parameters) {
      note('users.remove')
      return users.remove(...parameters)
    },
    list(...parameters) {
      note('users.list')
      return users.list(...parameters)
    },
    revoke(...parameters) {
      note('users.revoke')
      return users.revoke(...parameters)
    },
    goOn(...parameters) {
      note('users.revoke')
      return users.goOn(...parameters)
    },
  }
}

/** Returns the same namespace, with each operation recorded. */
export function countedKv(kv: SessionKvNamespace): SessionKvNamespace {
  return {
    get(key, options) {
      note('kv.get')
      return kv.get(key, options)
    },
    put(key, value, options) {
      note('kv.put')
      return kv.put(key, value, options)
    },
    delete(key) {
      note('kv.delete')
      return kv.delete(key)
    },
  }
}

function cookieChange({ headers }: Response): CookieChange {
  const cookies = headers.getSetCookie()
  if (cookies.length === 0) return 'none'
  return cookies.every((cookie) => /;\s*Max-Age=0\b/i.test(cookie)) ? 'cleared' : 'set'
}
