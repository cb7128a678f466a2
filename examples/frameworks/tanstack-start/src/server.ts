import handler from '@tanstack/react-start/server-entry'
import { sessionFetch } from 'edge-session/adapter/tanstack-start'

import { sessions } from './sessions'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

export default { fetch: sessionFetch(sessions, (request) => handler.fetch(request)) }
