// Wraps a contender's Worker, to run many operations within one request: POST /~loop { path, times, cookies }
export function wrapped(worker) {
  return {
    async fetch(request, env, ctx) {
      if (new URL(request.url).pathname !== '/~loop') return worker.fetch(request, env, ctx)
      const { path, times, cookies } = await request.json()
      const url = new URL(path, request.url).href
      const headers = cookies.length === 0 ? [{}] : cookies.map((cookie) => ({ Cookie: cookie }))
      let failed = 0
      for (let each = 0; each < times; each += 1) {
        const inner = new Request(url, { headers: headers[each % headers.length] })
        // One after the other is what is measured.
        // oxlint-disable no-await-in-loop
        const response = await worker.fetch(inner, env, ctx)
        await response.text()
        // oxlint-enable no-await-in-loop
        if (response.status !== 200) failed += 1
      }
      return Response.json({ failed })
    },
  }
}
