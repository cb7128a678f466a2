// By a rule of wrangler.toml they are texts here, and the linter looks at the modules.
/* oxlint-disable import/default */
import { IttyRouter, type IttyRouterType } from 'itty-router'

import countdown from './client/countdown.js'
import lab from './client/lab.js'
import live from './client/live.js'
import playground from './client/playground.js'
import { STYLE } from './page/style.ts'

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1a56c4"/><path d="M4 5.5h8M4 8h5M4 10.5h8" stroke="#fff" stroke-width="1.5"/></svg>`

const FILES: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  '/client/playground.js': { type: JAVASCRIPT, text: playground },
  '/client/countdown.js': { type: JAVASCRIPT, text: countdown },
  '/client/lab.js': { type: JAVASCRIPT, text: lab },
  '/client/live.js': { type: JAVASCRIPT, text: live },
  '/client/style.css': { type: 'text/css; charset=utf-8', text: STYLE },
  '/client/icon.svg': { type: 'image/svg+xml', text: ICON },
}

/** The page's scripts, as modules of this origin, its style and its icon. */
export const clientRoutes: IttyRouterType = IttyRouter().get('/client/:name', ({ url }) => {
  const { pathname } = new URL(url)
  const file = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined
  if (file === undefined) return undefined
  return new Response(file.text, {
    headers: {
      'Content-Type': file.type,
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
    },
  })
})
