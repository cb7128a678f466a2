import { RELOAD_ON_BACK } from '../../src/reload-on-back.ts'
import { html, type Html } from './html.ts'

/** The differences between pages. */
interface PageKind {
  /** The first heading. Default `edge-session`. */
  readonly heading?: string
  /** The permissions of its sandbox. A page with a sandbox runs no script. */
  readonly sandbox?: string
  /** True if a page of this origin may show it in a frame. */
  readonly isFramed?: boolean
}

/** Returns a page of the demo. It loads nothing from elsewhere, and only runs scripts with its nonce. */
export function page(status: number, content: Html, kind: PageKind = {}): Response {
  const { heading = 'edge-session', sandbox, isFramed = false } = kind
  const nonce = crypto.randomUUID()
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>edge-session playground</title>
        <link rel="icon" href="/client/icon.svg" />
        <link rel="stylesheet" nonce="${nonce}" href="/client/style.css" />
        ${sandbox === undefined ? script(nonce) : ''}
      </head>
      <body>
        <main>
          <h1>${heading}</h1>
          ${content}
        </main>
      </body>
    </html>`
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${isFramed ? "'self'" : "'none'"}`,
    ...(sandbox === undefined ? [] : [`sandbox ${sandbox}`]),
  ]
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy.join('; '),
    'Cache-Control': 'private, no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  }
  return new Response(document.text, { status, headers })
}

function script(nonce: string): Html {
  return html`<script nonce="${nonce}">
      ${RELOAD_ON_BACK}
    </script>
    <script type="module" nonce="${nonce}" src="/client/playground.js"></script>`
}

/** Says that this browser does not keep the demo's cookies, if a request has shown that. */
export function cookieNotice({ url }: Request, isLost: boolean): Html {
  const isPlain = new URL(url).protocol === 'http:'
  const text = isPlain
    ? html`Safari and WebKitGTK keep no <code>Secure</code> cookie of an http page, not even on
        localhost. Stop the demo and start it with <code>npm start -- --https</code>.`
    : html`Allow cookies for this site.`
  return html`<div id="no-cookie" data-live role="status">
    ${
      isLost
        ? html`<p class="flash">
            <strong>The cookie did not come back.</strong> The last click has set one, and this
            browser has not sent it: each click begins a session of its own. ${text}
          </p>`
        : ''
    }
  </div>`
}

/** Returns a page with only a message. The frame with the forged form shows it too. */
export function messagePage(status: number, message: string): Response {
  return page(
    status,
    html`
      <p class="flash" id="message"><strong>${String(status)}</strong> ${message}</p>
      <p class="quiet">This answer: <span id="message-cost" data-cost></span>.</p>
      <p>
        Back to <a href="/" target="_top">Durable Objects</a> or
        <a href="/kv/" target="_top">Workers KV</a>
      </p>
    `,
    { isFramed: true },
  )
}

/** Returns a time for people and programs. */
export function time(date: Date | null): Html {
  if (date === null) return html`–`
  const text = date.toISOString()
  return html`<time datetime="${text}">${text.slice(0, 19).replace('T', ' ')} UTC</time>`
}
