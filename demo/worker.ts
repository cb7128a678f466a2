import { AutoRouter, StatusError } from 'itty-router'

import { bindings } from '../src/bound/bindings.ts'
import { sockets } from '../src/live/object.ts'
import { leases } from '../src/once/leases.ts'
import { extendSessionObject } from '../src/store/durable-object.ts'
import { UserObject } from '../src/store/user-index.ts'
import { accountRoutes } from './account-routes.ts'
import { boundRoutes } from './bound-routes.ts'
import { clientRoutes } from './client-routes.ts'
import { withCost } from './cost.ts'
import { docsRoutes } from './docs-routes.ts'
import { errorResponse, problemPage } from './errors.ts'
import { LANE_ROUTERS } from './lab/lane-routes.ts'
import { DocumentObject } from './lab/whole-document.ts'
import { onceRoutes } from './once-routes.ts'
import { withCostShown } from './page/cost-line.ts'
import { playgroundRoutes } from './playground-routes.ts'
import { sessionRoutes } from './routes.ts'
import { type Env, PLACES } from './sessions.ts'

export { DocumentObject, UserObject }

/** The object of a session, which also provides leases, holds sockets and stores a device's key. */
export class SessionObject extends extendSessionObject(leases, sockets, bindings) {}

const router = AutoRouter({
  catch: errorResponse,
  missing: () => {
    throw new StatusError(404, 'There is nothing here.')
  },
  finally: [problemPage],
})
router.all('*', clientRoutes.fetch)
router.all('/docs/*', docsRoutes.fetch)
router.all('/once/*', onceRoutes.fetch)
router.all('*', boundRoutes.fetch)
for (const [path, lane] of LANE_ROUTERS) router.all(`${path}/*`, lane.fetch)
for (const place of PLACES.toReversed()) {
  const paths = `${place.base}/*`
  router.all(paths, playgroundRoutes(place).fetch)
  router.all(paths, sessionRoutes(place).fetch)
  router.all(paths, accountRoutes(place).fetch)
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { response, cost } = await withCost(() => router.fetch(request, env, ctx))
    return withCostShown(request, response, cost)
  },
}
