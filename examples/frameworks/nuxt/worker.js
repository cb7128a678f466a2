// The Worker that wrangler deploys: that of Nuxt, with the classes of the objects.
import nuxt from './.output/server/index.mjs'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'
export default nuxt
