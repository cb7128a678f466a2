import { IttyRouter, type IttyRouterType } from 'itty-router'

import { docsPage, isDocument } from './page/docs-page.ts'
import type { Env } from './sessions.ts'

/** The documentation of this repository: a list at `/docs/`, and each document as it is in the file. */
export const docsRoutes: IttyRouterType = IttyRouter({ base: '/docs' })
  .get('/', () => docsPage())
  .get('/:name', async ({ params, url }, { DOCS }: Env) => {
    const name = String(params['name'])
    if (!isDocument(name)) return undefined
    const { body } = await DOCS.fetch(new URL(`/${name}`, url))
    return new Response(body, {
      headers: {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
        'Cache-Control': 'no-cache',
        'X-Content-Type-Options': 'nosniff',
      },
    })
  })
