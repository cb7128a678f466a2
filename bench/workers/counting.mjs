// Wraps a contender's Worker, to count the calls of stores that a request makes: /~count?path=/read
const KV_CALLS = new Set(['get', 'getWithMetadata', 'put', 'delete', 'list'])
const ALL = { has: () => true }

export function wrapped(worker) {
  const tally = { calls: 0, bytes: 0 }
  let counted

  return {
    async fetch(request, env, ctx) {
      // The same env each time, since Workers set up what they need once for each.
      counted ??= countingEnv(env, tally)
      const { pathname, searchParams } = new URL(request.url)
      if (pathname !== '/~count') return new Response('up')
      Object.assign(tally, { calls: 0, bytes: 0 })
      const url = new URL(searchParams.get('path'), request.url).href
      const response = await worker.fetch(
        new Request(url, { headers: request.headers }),
        counted,
        ctx,
      )
      await response.text()
      const cookies = response.headers.getSetCookie()
      const cookie = cookies.map((each) => each.split(';')[0]).join('; ')
      return Response.json({ ...tally, setCookies: cookies.length, cookie })
    },
  }
}

function countingEnv(env, tally) {
  const entries = Object.entries(env).map(([name, binding]) => {
    if (typeof binding?.idFromName === 'function') return [name, countingNamespace(binding, tally)]
    if (typeof binding?.getWithMetadata === 'function')
      return [name, countingCalls(binding, tally, KV_CALLS)]
    return [name, binding]
  })
  return Object.fromEntries(entries)
}

function countingNamespace(namespace, tally) {
  return new Proxy(namespace, {
    get(target, name) {
      if (name === 'get' || name === 'getByName') {
        return (...parameters) => countingCalls(target[name](...parameters), tally)
      }
      const value = target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Counts the calls of these methods, or of all, and the bytes of what goes in and comes out. */
function countingCalls(target, tally, only = ALL) {
  return new Proxy(target, {
    get(_, name) {
      const method = target[name]
      if (typeof method !== 'function' || !only.has(name)) return method
      return async (...parameters) => {
        tally.calls += 1
        tally.bytes += sizeOf(parameters)
        const result = await target[name](...parameters)
        tally.bytes += sizeOf(result)
        return result
      }
    },
  })
}

function sizeOf(value) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return new TextEncoder().encode(text).length
}
