import { clickIn, locationWithCost } from '../click.ts'
import type { Cost } from '../cost.ts'
import { html, type Html } from './html.ts'

/** Returns the response with its cost: in two headers, at its place in the page, and in the address of a redirect. */
export function withCostShown(request: Request, response: Response, cost: Cost): Response {
  const shown = new Response(response.body, response)
  shown.headers.set('X-Store-Calls', cost.calls.join(', ') || 'none')
  shown.headers.set('X-Set-Cookie', cost.cookie)
  const location = shown.headers.get('Location')
  if (response.status === 303 && location !== null) {
    shown.headers.set('Location', locationWithCost(request, location, cost))
  }
  if (!(shown.headers.get('Content-Type') ?? '').startsWith('text/html')) return shown
  // Only known now: the session is committed after its handler has made the page.
  return new HTMLRewriter()
    .on('[data-cost]', { element: (element) => void element.setInnerContent(costText(cost)) })
    .transform(shown)
}

/** Returns the cost of the last click, and of this page, the response to the request. */
export function costBar(request: Request): Html {
  return html`
    <details class="cost" id="cost">
      <summary><span id="last-click" data-live>${lastClick(request)}</span></summary>
      <div id="page-cost" data-live>
        <p>
          This page itself: <span data-cost></span>. Every answer says it in two headers,
          <code>X-Store-Calls</code> and <code>X-Set-Cookie</code>.
        </p>
      </div>
      <ol id="clicks" aria-label="Former clicks"></ol>
    </details>
  `
}

function lastClick({ method, url }: Request): Html {
  const click = clickIn(url)
  if (click !== undefined)
    return html`<strong><code>POST ${click.path}</code></strong> ${costText(click)}`
  const { pathname } = new URL(url)
  const name = method === 'POST' ? html`<code>POST ${pathname}</code>` : html`This page:`
  return html`<strong>${name}</strong> <span data-cost></span>`
}

/** Returns a cost in words. */
function costText({ calls, cookie }: Cost): string {
  const users = calls.filter((call) => call.startsWith('users.'))
  const kv = calls.filter((call) => call.startsWith('kv.'))
  const store = calls.filter((call) => !call.includes('.'))
  return [
    counted(store, 'store call', 'store calls'),
    kv.length > 0 ? counted(kv, 'KV operation', 'KV operations') : '',
    users.length > 0
      ? counted(users, 'call of the user’s object', 'calls of the user’s object')
      : '',
    { none: 'no Set-Cookie', set: 'Set-Cookie', cleared: 'Set-Cookie that clears it' }[cookie],
  ]
    .filter((text) => text !== '')
    .join(', ')
}

function counted(calls: readonly string[], one: string, many: string): string {
  const names = calls.map((call) => call.split('.').at(-1)).join(', ')
  const list = calls.length > 0 ? ` (${names})` : ''
  return `${calls.length} ${calls.length === 1 ? one : many}${list}`
}
