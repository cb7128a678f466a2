import { env } from 'cloudflare:workers'
import { ItemObject, objectDriver } from 'edge-session/adapter/unstorage'
import { createStorage } from 'unstorage'
export { ItemObject } // bound as ITEMS in wrangler.toml

const storage = createStorage<{ visits: number }>({
  driver: objectDriver({ namespace: () => env.ITEMS, base: 'drafts', ttl: 24 * 3600 }),
})

export default {
  async fetch(request) {
    const key = `page:${new URL(request.url).pathname}`
    const { visits } = (await storage.getItem(key)) ?? { visits: 0 }
    await storage.setItem(key, { visits: visits + 1 }, { ttl: 3600 })
    return Response.json({ visits: visits + 1 })
  },
} satisfies ExportedHandler<Cloudflare.Env>
