// Copied beside the pages of each application: a signed cookie and an object, by hand, with nothing that is not needed.
import { DurableObject } from 'cloudflare:workers'

export interface Visitor {
  readonly user: string
  readonly count: number
}

export interface ByHandEnv {
  readonly SESSION_SECRET: string
  readonly FLOORS: DurableObjectNamespace<FloorObject>
}

export class FloorObject extends DurableObject {
  #visitor: Visitor | undefined

  read(): Visitor | undefined {
    this.#visitor ??= this.ctx.storage.kv.get<Visitor>('visitor')
    return this.#visitor
  }

  write(visitor: Visitor): void {
    this.ctx.storage.kv.put('visitor', visitor)
    this.#visitor = visitor
  }
}

const encoder = new TextEncoder()
const BASE64 = { alphabet: 'base64url', omitPadding: true } as const
let key: CryptoKey | undefined

async function keyOf(env: ByHandEnv): Promise<CryptoKey> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const raw = encoder.encode(env.SESSION_SECRET)
  key ??= await crypto.subtle.importKey('raw', raw, hmac, false, ['sign', 'verify'])
  return key
}

/** Returns the visitor whom the cookie names, after one HMAC and one call of an object. */
export async function visitorOf(request: Request, env: ByHandEnv): Promise<Visitor | undefined> {
  const cookie = request.headers.get('Cookie') ?? ''
  const [, id = '', mac = ''] = /(?:^|; )sid=([0-9a-f]+)\.([\w-]+)/.exec(cookie) ?? []
  if (id === '') return undefined
  const bytes = Uint8Array.fromBase64(mac, BASE64)
  const isSigned = await crypto.subtle.verify('HMAC', await keyOf(env), bytes, encoder.encode(id))
  return isSigned ? env.FLOORS.get(env.FLOORS.idFromString(id)).read() : undefined
}

/** Signs a user in. Returns the Set-Cookie value. */
export async function signIn(user: string, env: ByHandEnv): Promise<string> {
  const id = env.FLOORS.newUniqueId()
  await env.FLOORS.get(id).write({ user, count: 0 })
  const mac = await crypto.subtle.sign('HMAC', await keyOf(env), encoder.encode(id.toString()))
  return `sid=${id}.${new Uint8Array(mac).toBase64(BASE64)}; Path=/; HttpOnly; Secure; SameSite=Lax`
}
