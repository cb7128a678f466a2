// Workers KV simulated in memory: what workerd's KV binding asks for over HTTP. It has no latency of its own, no staleness
// and no limit of writes, so that only the layers above it are measured.
const values = new Map()

export default {
  async fetch(request) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1))
    if (request.method === 'PUT') {
      values.set(name, await request.text())
      return new Response(null, { status: 200 })
    }
    if (request.method === 'DELETE') {
      values.delete(name)
      return new Response(null, { status: 200 })
    }
    const value = values.get(name)
    return value === undefined ? new Response(null, { status: 404 }) : new Response(value)
  },
}
