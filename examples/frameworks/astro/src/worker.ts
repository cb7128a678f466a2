// `main` of wrangler.jsonc: Astro's Worker, and the classes of the sessions.
export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'
export { default } from '@astrojs/cloudflare/entrypoints/server'
