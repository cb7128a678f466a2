import {
  type ActionFunction,
  createRequestHandler,
  type EntryContext,
  type LoaderFunction,
  type RouterContextProvider,
  type ServerBuild,
} from 'react-router'

import type { SessionMiddleware } from '../../src/adapter/react-router.ts'

/** A route module of a test, as React Router's compiler would hand it over. */
export interface TestRoute {
  readonly middleware?: SessionMiddleware[]
  readonly loader?: LoaderFunction
  readonly action?: ActionFunction
  /** Whether it has a page; a route without one is a resource route, whose loader makes the response. */
  readonly hasPage?: boolean
}

/**
 * A real request handler of React Router over these routes: `root` around those named by their path. In place of HTML, a
 * page is the JSON of what its loaders gave, and of the error that reached a boundary.
 */
export function newRouterApp(
  root: TestRoute,
  routes: Record<string, TestRoute>,
): (request: Request, context: RouterContextProvider) => Promise<Response> {
  const manifest = (id: string, { loader, action, middleware }: TestRoute) => ({
    id,
    ...(id !== 'root' && { parentId: 'root', path: id }),
    hasAction: action !== undefined,
    hasLoader: loader !== undefined,
    hasClientAction: false,
    hasClientLoader: false,
    hasClientMiddleware: false,
    hasErrorBoundary: id === 'root',
    hasMiddleware: middleware !== undefined,
    module: `/${id}.js`,
    clientActionModule: undefined,
    clientLoaderModule: undefined,
    clientMiddlewareModule: undefined,
    hydrateFallbackModule: undefined,
  })
  const all = Object.entries<TestRoute>({ root: { hasPage: true, ...root }, ...routes })
  const build = {
    entry: {
      module: {
        default: (_: Request, status: number, headers: Headers, page: EntryContext) => {
          const { loaderData, actionData, errors } = page.staticHandlerContext
          return Response.json({ loaderData, actionData, errors }, { status, headers })
        },
        // Errors of tests are no news.
        handleError: () => undefined,
      },
    },
    routes: Object.fromEntries(
      all.map(([id, { hasPage, ...route }]) => [
        id,
        {
          ...manifest(id, route),
          module: {
            ...route,
            default: hasPage === true ? () => null : undefined,
            ...(id === 'root' && { ErrorBoundary: () => null }),
          },
        },
      ]),
    ),
    assets: {
      entry: { imports: [], module: '/entry.js' },
      routes: Object.fromEntries(all.map(([id, route]) => [id, manifest(id, route)])),
      url: '/manifest.js',
      version: '1',
    },
    publicPath: '/',
    assetsBuildDirectory: 'build',
    future: {},
    ssr: true,
    isSpaMode: false,
    prerender: [],
    routeDiscovery: { mode: 'initial', manifestPath: '/__manifest' },
  }
  // What else the compiler writes into a manifest is for the browser.
  return createRequestHandler(build as unknown as ServerBuild, 'production')
}
