import { createRequestHandler } from 'react-router'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

const handle = createRequestHandler(
  () => import('virtual:react-router/server-build'),
  import.meta.env.MODE,
)

export default {
  fetch: (request) => handle(request),
} satisfies ExportedHandler<Env>
