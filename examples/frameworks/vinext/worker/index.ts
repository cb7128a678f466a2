import { sessionFetch } from 'edge-session/adapter/open-next'
import handler from 'vinext/server/fetch-handler'

import { requestContext } from '../lib/session'
import { sessions } from '../lib/sessions'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

export default {
  fetch: sessionFetch(sessions, (request, env, ctx) =>
    requestContext.run(ctx, () => handler.fetch(request, env, ctx)),
  ),
}
