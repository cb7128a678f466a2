import { sessionFetch } from 'edge-session/adapter/open-next'

// @ts-ignore: OpenNext makes it.
import next from './.open-next/worker.js'
import { sessions } from './lib/sessions'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

export default { fetch: sessionFetch(sessions, next.fetch) }
