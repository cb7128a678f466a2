// Wraps a contender's Worker, to run many operations within one request: /~loop?times=500&path=/read
export function wrapped(worker) {
  return {
    async fetch(request, env, ctx) {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname !== '/~loop') return worker.fetch(request, env, ctx)
      const times = Number(searchParams.get('times'))
      const url = new URL(searchParams.get('path'), request.url).href
      // One after the other is what is measured.
      // oxlint-disable no-await-in-loop
      const loop = async () => {
        for (let each = 0; each < times; each += 1) {
          const response = await worker.fetch(
            new Request(url, { headers: request.headers }),
            env,
            ctx,
          )
          await response.text()
        }
      }
      // oxlint-enable no-await-in-loop
      await loop()
      const start = performance.now()
      await loop()
      return Response.json({ microseconds: ((performance.now() - start) * 1000) / times })
    },
  }
}
