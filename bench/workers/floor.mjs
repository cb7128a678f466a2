// What no session layer can be quicker than: the same work by hand, with nothing kept that is not needed.
import { FloorObject } from './objects.mjs'

export { FloorObject }

const encoder = new TextEncoder()
let key

async function keyOf(env) {
  key ??= await crypto.subtle.importKey(
    'raw',
    encoder.encode(env.SESSION_SECRET),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  )
  return key
}

async function create(env, size) {
  const id = env.FLOORS.newUniqueId()
  const object = env.FLOORS.get(id)
  await object.read()
  await object.write(JSON.stringify(['n', '1']))
  if (size > 0) await object.write(JSON.stringify(['filler', JSON.stringify('x'.repeat(size))]))
  await env.KV.put(id.toString(), JSON.stringify({ n: 1 }))
  const mac = await crypto.subtle.sign('HMAC', await keyOf(env), encoder.encode(id.toString()))
  const value = `${id}.${new Uint8Array(mac).toBase64({ alphabet: 'base64url', omitPadding: true })}`
  return new Response('ok', { headers: { 'Set-Cookie': `sid=${value}; Path=/` } })
}

/** The id of a request's cookie, or `undefined` when it is not signed. */
async function verified(request, env) {
  const cookie = request.headers.get('cookie') ?? ''
  const value = cookie.slice(cookie.indexOf('sid=') + 4)
  const dot = value.indexOf('.')
  const id = value.slice(0, dot)
  const mac = Uint8Array.fromBase64(value.slice(dot + 1), { alphabet: 'base64url' })
  const isSigned = await crypto.subtle.verify('HMAC', await keyOf(env), mac, encoder.encode(id))
  return isSigned ? id : undefined
}

function objectOf(env, id) {
  return env.FLOORS.get(env.FLOORS.idFromString(id))
}

let count = 0

const WORK = {
  '/create': (request, env) =>
    create(env, Number(new URL(request.url).searchParams.get('size') ?? 0)),
  '/anonymous': () => new Response('ok'),
  '/verify': async (request, env) =>
    new Response(String((await verified(request, env)) !== undefined)),
  '/read': async (request, env) => {
    const id = await verified(request, env)
    const { n } = JSON.parse(await objectOf(env, id).read())
    return new Response(n)
  },
  '/write': async (request, env) => {
    const id = await verified(request, env)
    const { n } = JSON.parse(await objectOf(env, id).read())
    await objectOf(env, id).write(JSON.stringify(['n', String(Number(n) + 1)]))
    return new Response(n)
  },
  '/set': async (request, env) => {
    const id = await verified(request, env)
    count += 1
    await objectOf(env, id).write(JSON.stringify(['n', String(count)]))
    return new Response('ok')
  },
  '/increment': async (request, env) =>
    new Response(await objectOf(env, await verified(request, env)).increment()),
  '/kv-read': async (request, env) => {
    const id = await verified(request, env)
    const { n } = JSON.parse(await env.KV.get(id))
    return new Response(String(n))
  },
  '/kv-write': async (request, env) => {
    const id = await verified(request, env)
    const { n } = JSON.parse(await env.KV.get(id))
    await env.KV.put(id, JSON.stringify({ n: n + 1 }))
    return new Response(String(n))
  },
}

export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url)
    return WORK[pathname]?.(request, env) ?? new Response('up')
  },
}
