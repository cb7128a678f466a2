// wrangler deploys this: SvelteKit's Worker, and the classes of the sessions.
export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'
export { default } from './.svelte-kit/cloudflare/_worker.js'
